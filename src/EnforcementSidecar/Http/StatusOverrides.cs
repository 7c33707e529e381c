using System.Collections.Frozen;
using System.Globalization;
using Metering.EnforcementSidecar.Deciding;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// Other status codes for single reasons, for clients that were written for another gateway: <c>quota_exhausted=402</c>. Reason, type
/// and headers of the denial stay. What could not be decided stays 503: nobody may be blamed for it by configuration.
/// </summary>
internal sealed class StatusOverrides
{
    private const string Option = "METERING_SIDECAR_STATUS_OVERRIDES";

    private static readonly FrozenDictionary<string, Denial> Denials = Enum.GetValues<DecisionOutcome>()
        .Where(outcome => outcome != DecisionOutcome.Allowed).Select(Denial.Of).Append(Denial.InvalidRequest)
        .Where(denial => IsClientError(denial.Status)).ToFrozenDictionary(denial => denial.Reason, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, Denial> overridden;

    private StatusOverrides(Dictionary<string, Denial> overridden) => this.overridden = overridden.ToFrozenDictionary(StringComparer.Ordinal);

    public static StatusOverrides None { get; } = new([]);

    /// <param name="text"><c>reason=status</c>, separated by commas.</param>
    /// <exception cref="InvalidOptionException">A part is malformed, names no denial or one twice, or a status that is not 4xx.</exception>
    public static StatusOverrides Parse(string text)
    {
        var overridden = new Dictionary<string, Denial>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var (reason, status) = part.Split('=', StringSplitOptions.TrimEntries) is [var name, var code] ? (name, code) : (part, "");
            if (!Denials.TryGetValue(reason, out var denial))
            {
                throw new InvalidOptionException(Option, $"overrides \"{reason}\", which is none of {string.Join(", ", Denials.Keys.Order())}");
            }

            if (!int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var other) || !IsClientError(other))
            {
                throw new InvalidOptionException(Option, $"gives {reason} the status \"{status}\", which is not from 400 to 499");
            }

            if (!overridden.TryAdd(reason, denial with { Status = other }))
            {
                throw new InvalidOptionException(Option, $"overrides {reason} twice");
            }
        }

        return new StatusOverrides(overridden);
    }

    public Denial Apply(Denial denial) => overridden.Count > 0 && overridden.TryGetValue(denial.Reason, out var other) ? other : denial;

    private static bool IsClientError(int status) => status is >= 400 and <= 499;
}
