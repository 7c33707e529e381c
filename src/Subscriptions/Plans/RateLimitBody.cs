using System.Collections.Immutable;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>How fast requests to a feature may come.</summary>
/// <param name="Per">ISO 8601 in seconds, minutes or hours: <c>PT1M</c>.</param>
/// <param name="Burst">How many at once; <paramref name="Limit"/> when absent.</param>
internal sealed record RateLimitBody(long Limit, string Per, long? Burst = null)
{
    public const int MaxCount = 8;
    public const long MaxRate = 1_000_000_000;

    public static void Check(ImmutableArray<RateLimitBody>? given, string at, FieldErrors errors)
    {
        if (given is not { IsDefault: false } limits)
        {
            return;
        }

        errors.AddIf(limits.Length > MaxCount, at, "too_many", $"At most {MaxCount} rate limits.");
        foreach (var (i, limit) in limits.Take(MaxCount).Index())
        {
            var pointer = $"{at}/{i}";
            if (limit is null)
            {
                errors.Add(pointer, "required", "A rate limit is an object.");
                continue;
            }

            errors.AddIf(limit.Limit is < 1 or > MaxRate, $"{pointer}/limit", "out_of_range", $"A rate is 1 to {MaxRate} requests.");
            errors.AddIf(limit.Burst is < 1 or > MaxRate, $"{pointer}/burst", "out_of_range", $"A burst is 1 to {MaxRate} requests.");
            errors.AddIf(
                !RateLimitWindow.TryParse(limit.Per, out _), $"{pointer}/per", "invalid_duration",
                $"A window is PTnS, PTnM or PTnH, of 1 to {RateLimitWindow.MaxSeconds} seconds.");
        }
    }
}
