using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Metering.Notifications.Rules;

/// <summary>A line that usage or balance crosses.</summary>
/// <param name="Type">One of <see cref="Types"/>; the two in capitals are OpenMeter's older names.</param>
internal sealed record Threshold(decimal Value, string Type)
{
    public const string BalanceValue = "balance_value";
    public const string UsagePercentage = "usage_percentage";
    public const string UsageValue = "usage_value";
    private const string Percent = "PERCENT";
    private const string Number = "NUMBER";
    private const decimal Whole = 100m;

    public static readonly ImmutableArray<string> Types = [BalanceValue, UsagePercentage, UsageValue, Percent, Number];

    /// <summary>The same for thresholds that mean the same.</summary>
    [JsonIgnore]
    public string Identity => string.Create(CultureInfo.InvariantCulture, $"{Meaning}:{Value / 1.0000000000000000000000000000m}");

    private string Meaning => Type switch { Percent => UsagePercentage, Number => UsageValue, _ => Type };

    /// <summary>
    /// Usage reaches a value or a share of what was granted; a balance falls to a value or below. Where nothing was granted the first use is
    /// more than any share of it.
    /// </summary>
    public bool IsReached(decimal usage, decimal granted, decimal balance) => Meaning switch
    {
        BalanceValue => balance <= Value,
        UsagePercentage => granted > 0m ? usage * Whole >= granted * Value : usage > 0m,
        _ => usage >= Value,
    };
}
