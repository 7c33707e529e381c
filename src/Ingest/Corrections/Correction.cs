using System.Text;
using System.Text.Json;
using Metering.Ingest.Events;

namespace Metering.Ingest.Corrections;

/// <summary>What one event said and what it says from here on.</summary>
internal sealed record Correction(EventVersion Before, EventVersion After, string Reason)
{
    public bool IsVoid => After.Voided;

    /// <summary>False when the event said just this before; to correct it again is to do nothing.</summary>
    public bool Changes => Before != After;

    public string Outcome => !Changes ? "unchanged" : IsVoid ? "voided" : "amended";

    public static Correction Of(CorrectionBody body, EventVersion before)
    {
        if (body.Action == CorrectionRules.Void)
        {
            return new Correction(before, before with { Voided = true }, body.Reason);
        }

        var after = before with
        {
            Time = body.Time ?? before.Time,
            Type = body.Type ?? before.Type,
            Subject = body.Subject ?? before.Subject,
            Data = body.Data is { } data ? Compact(data) : before.Data,
            Voided = false,
        };
        return new Correction(before, after, body.Reason);
    }

    private static string Compact(JsonElement data) => Encoding.UTF8.GetString(CompactJson.Of(Encoding.UTF8.GetBytes(data.GetRawText())).Span);
}
