using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What is agreed around a price: unit conversion, discounts, maximum and minimum of a service period.</summary>
/// <remarks>
/// The order in which they act is that of <see cref="Rater"/>: unit conversion → usage discount → price → percentage discount → maximum →
/// minimum. Amounts are in major units of the plan's currency and are rounded to minor units by the input's policy when they apply; they are
/// not prorated when only a part of the full period is served. Terms that exist are valid.
/// </remarks>
public sealed record RateCardTerms
{
    /// <summary>Terms of a rate card; each is optional.</summary>
    /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
    public RateCardTerms(
        decimal usageDiscount = 0m,
        decimal percentageDiscount = 0m,
        decimal? maximumAmount = null,
        decimal? minimumAmount = null,
        UnitConversion? conversion = null)
    {
        InvalidPriceException.ThrowIfAny(Check(usageDiscount, percentageDiscount, maximumAmount, minimumAmount));
        UsageDiscount = usageDiscount;
        PercentageDiscount = percentageDiscount;
        MaximumAmount = maximumAmount;
        MinimumAmount = minimumAmount;
        Conversion = conversion;
    }

    /// <summary>No discount and no bounds.</summary>
    public static RateCardTerms None { get; } = new();

    /// <summary>The first units of each service period that are not billed at all. Tiers count from the first unit that is.</summary>
    public decimal UsageDiscount { get; }

    /// <summary>Taken off the sum of the rounded charges; 0 to 100.</summary>
    public decimal PercentageDiscount { get; }

    /// <summary>The most a service period costs, after discounts; null for no maximum.</summary>
    public decimal? MaximumAmount { get; }

    /// <summary>The least a period costs, after discounts and maximum; null for no minimum. Topped up on the line that closes the period.</summary>
    public decimal? MinimumAmount { get; }

    /// <summary>Turns metered units into the units that are priced; null when they are the same.</summary>
    public UnitConversion? Conversion { get; }

    /// <summary>Whether something happens to the usage before it is priced, which not every price allows.</summary>
    internal bool HasUsageTerms => Conversion is not null || UsageDiscount > 0m;

    /// <summary>What would be wrong with such terms; empty when nothing.</summary>
    public static ImmutableArray<PriceError> Check(
        decimal usageDiscount,
        decimal percentageDiscount,
        decimal? maximumAmount,
        decimal? minimumAmount)
    {
        var checks = new PriceChecks()
            .Quantity("/usageDiscount", usageDiscount)
            .Percentage("/percentageDiscount", percentageDiscount)
            .Amount("/maximumAmount", maximumAmount ?? 0m)
            .Amount("/minimumAmount", minimumAmount ?? 0m);
        checks.AddIf(
            minimumAmount > maximumAmount,
            PriceErrorCode.MinimumAboveMaximum,
            "/minimumAmount",
            $"The minimum {minimumAmount} is above the maximum {maximumAmount}.");
        return checks.Errors;
    }

    /// <summary>What of these terms a price does not allow; empty when nothing. <see cref="Rater"/> refuses such a pair.</summary>
    /// <remarks>
    /// A conversion needs a plain quantity: a flat fee has none, transactions are not units, and a package already rounds by itself. A usage
    /// discount needs to know which units come first, which groups of a dimensional price and transactions with an own free part do not say.
    /// </remarks>
    public ImmutableArray<PriceError> CheckFor(Price price)
    {
        ArgumentNullException.ThrowIfNull(price);
        var checks = new PriceChecks();
        checks.AddIf(
            Conversion is not null && price is (Price.Package or Price.Flat or Price.Percentage),
            PriceErrorCode.NotApplicable,
            "/conversion",
            "Units are not converted for a package price, which rounds by itself, nor for fees and transactions, which count no units.");
        checks.AddIf(
            UsageDiscount > 0m && price is (Price.Dimensional or Price.Percentage),
            PriceErrorCode.NotApplicable,
            "/usageDiscount",
            "A dimensional or percentage price says by itself what is free: by an overage price in its cells, or by free amount and transactions.");
        return checks.Errors;
    }
}
