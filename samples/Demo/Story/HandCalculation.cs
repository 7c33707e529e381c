using System.Globalization;

namespace Metering.Demo.Story;

/// <summary>
/// What the invoices have to say, worked out the way a person would with the price list beside them and none of the
/// product's code. Each charge is rounded to cents, half away from zero, before it is added.
/// </summary>
public static class HandCalculation
{
    public const decimal ProFee = 49.00m;
    public const decimal EnterpriseMinimum = 5_000.00m;
    private const long EnterpriseFirstStep = 1_000_000_000;
    private const long EnterpriseSecondStep = 5_000_000_000;

    // Tokens at which the price changes, and USD per token up to there.
    private static readonly (long UpTo, decimal PerToken)[] ProTiers =
        [(2_000_000, 0m), (10_000_000, 0.000005m), (50_000_000, 0.000004m), (long.MaxValue, 0.000003m)];

    /// <summary>Graduated: every tier charges for the tokens that lie in it.</summary>
    public static HandBill Pro(long tokens)
    {
        var steps = new List<string>();
        var total = 0m;
        var from = 0L;
        foreach (var (upTo, perToken) in ProTiers)
        {
            var inTier = Math.Max(0, Math.Min(tokens, upTo) - from);
            if (inTier > 0)
            {
                var amount = Cents(inTier * perToken);
                total += amount;
                steps.Add(perToken == 0 ? $"{Count(inTier)} included" : $"{Count(inTier)} x {perToken * 100_000:0.00}/100k = {Amount(amount)}");
            }

            from = upTo;
        }

        return new HandBill(total, string.Join(" + ", steps));
    }

    /// <summary>By volume: the step that the whole month reaches prices every token. At least the minimum is due.</summary>
    public static HandBill Enterprise(long tokens)
    {
        var perMillion = tokens <= EnterpriseFirstStep ? 3.50m : tokens <= EnterpriseSecondStep ? 2.50m : 2.00m;
        var usage = Cents(tokens * perMillion / 1_000_000m);
        var sum = $"{Count(tokens)} x {Amount(perMillion)}/M = {Amount(usage)}";
        return usage >= EnterpriseMinimum
            ? new HandBill(usage, sum)
            : new HandBill(EnterpriseMinimum, $"{sum}, raised by {Amount(EnterpriseMinimum - usage)} to the committed minimum");
    }

    public static string Amount(decimal amount) => amount.ToString("#,0.00", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private static decimal Cents(decimal amount) => Math.Round(amount, 2, MidpointRounding.AwayFromZero);
}

/// <summary>An amount and the sum that gives it.</summary>
public sealed record HandBill(decimal Total, string Sum);
