using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Subjects;

/// <summary>A subject as it is sent. Where null and absent differ the field is kept as it was read: undefined when absent.</summary>
/// <param name="CurrentPeriodStart">OpenMeter's clients may still send it; kept and shown, without meaning here. So is its end.</param>
internal sealed record SubjectBody(string Key, Instant? CurrentPeriodStart = null, Instant? CurrentPeriodEnd = null)
{
    private const int MaxTextLength = 256;
    private const int MaxMetadataLength = 10_000;

    public JsonElement DisplayName { get; init; }

    public JsonElement Metadata { get; init; }

    /// <summary>Kept and shown for OpenMeter's clients, without meaning here.</summary>
    public JsonElement StripeCustomerId { get; init; }

    public IEnumerable<FieldError> Check(string pointer)
    {
        if (Key is not { Length: >= 1 and <= EventLimits.MaxSubjectLength } || Key.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            yield return new FieldError($"{pointer}/key", "invalid_value", $"A key has 1 to {EventLimits.MaxSubjectLength} characters.");
        }

        foreach (var (name, text) in new[] { ("displayName", DisplayName), ("stripeCustomerId", StripeCustomerId) })
        {
            if (text.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)
                && !(text.ValueKind == JsonValueKind.String && Storable(text) && text.GetString()!.Length <= MaxTextLength))
            {
                yield return new FieldError($"{pointer}/{name}", "invalid_value", $"A text of at most {MaxTextLength} characters, or null.");
            }
        }

        if (Metadata.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)
            && !(Metadata.ValueKind == JsonValueKind.Object && Storable(Metadata) && Metadata.GetRawText().Length <= MaxMetadataLength))
        {
            yield return new FieldError($"{pointer}/metadata", "invalid_value", $"An object of at most {MaxMetadataLength} characters, or null.");
        }
    }

    /// <summary>PostgreSQL has every character but NUL, however it is written, and no half of a surrogate pair.</summary>
    private static bool Storable(JsonElement element)
    {
        try
        {
            return !JsonSerializer.Serialize(element).Contains("\\u0000", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
