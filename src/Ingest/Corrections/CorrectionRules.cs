using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Platform.Problems;

namespace Metering.Ingest.Corrections;

/// <summary>What corrections have to keep to, whatever is recorded.</summary>
internal static class CorrectionRules
{
    public const int MaxCorrections = 1_000;
    public const int MaxReasonLength = 512;
    public const string Amend = "amend";
    public const string Void = "void";

    public static IEnumerable<FieldError> Check(CorrectionBody[] body)
    {
        if (body.Length is 0 or > MaxCorrections)
        {
            yield return new FieldError("", "out_of_range", $"A request corrects 1 to {MaxCorrections} events.");
            yield break;
        }

        var seen = new HashSet<(string Source, string Id)>();
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] is not { } item)
            {
                yield return new FieldError($"/{i}", "required", "A correction is an object.");
                continue;
            }

            foreach (var error in Check(item))
            {
                yield return error with { Pointer = $"/{i}{error.Pointer}" };
            }

            if (!seen.Add((item.Source, item.Id)))
            {
                yield return new FieldError($"/{i}/id", "duplicate", "The event is corrected twice in this request.");
            }
        }
    }

    private static IEnumerable<FieldError> Check(CorrectionBody item)
    {
        var amends = item.Data is not null || item.Time is not null || item.Subject is not null || item.Type is not null;
        switch (item.Action)
        {
            case Void when amends:
                yield return new FieldError("/action", "not_together", "What is voided says nothing new.");
                break;
            case Amend when !amends:
                yield return new FieldError("/action", "required", "An amendment names data, time, subject or type.");
                break;
            case Amend or Void:
                break;
            default:
                yield return new FieldError("/action", "unknown_value", "The action is amend or void.");
                break;
        }

        if (item.Reason.Length is 0 or > MaxReasonLength)
        {
            yield return new FieldError("/reason", "invalid_length", $"A reason has 1 to {MaxReasonLength} characters.");
        }

        if (item.Data is { ValueKind: not JsonValueKind.Object })
        {
            yield return new FieldError("/data", "invalid_type", "The data of a usage event is a JSON object.");
        }

        if (item.Time is { } time && (time < EventLimits.EarliestTime || time >= EventLimits.LatestTime))
        {
            yield return new FieldError("/time", "out_of_range", "The time lies before 1970 or after 2199.");
        }

        if (!IsText(item.Subject, EventLimits.MaxSubjectLength))
        {
            yield return new FieldError("/subject", "invalid_text", $"A subject has 1 to {EventLimits.MaxSubjectLength} printable characters.");
        }

        if (!IsText(item.Type, EventLimits.MaxTypeLength))
        {
            yield return new FieldError("/type", "invalid_text", $"An event type has 1 to {EventLimits.MaxTypeLength} printable characters.");
        }
    }

    private static bool IsText(string? text, int maxLength) =>
        text is null || (text.Length > 0 && text.Length <= maxLength && !text.AsSpan().ContainsAnyInRange('\0', '\u001f'));
}
