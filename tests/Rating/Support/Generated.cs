using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>Generators of valid prices, terms, usage and periods.</summary>
internal static class Generated
{
    public static Gen<decimal> Quantity { get; } =
        from whole in Gen.Choose(0, 2_000_000)
        from decimals in Gen.Elements(0, 0, 1, 3, 6)
        select whole / Power(decimals);

    public static Gen<decimal> Amount { get; } =
        from whole in Gen.Choose(0, 100_000)
        from decimals in Gen.Elements(0, 2, 2, 4, 6, 8)
        select whole / Power(decimals);

    public static Gen<ImmutableArray<PriceTier>> Tiers { get; } =
        from count in Gen.Choose(0, 4)
        from steps in Gen.ArrayOf(Quantity, count)
        from flats in Gen.ArrayOf(Gen.OneOf(Gen.Constant(0m), Amount), count + 1)
        from units in Gen.ArrayOf(Amount, count + 1)
        select Build(steps, flats, units);

    public static Gen<TierEntry> AnyEntry { get; } = Gen.Elements(Enum.GetValues<TierEntry>());

    public static Gen<Price> Graduated { get; } = from tiers in Tiers select (Price)new Price.Graduated(tiers);

    /// <summary>A price of a quantity alone, which can stand in a cell or beyond an allowance.</summary>
    public static Gen<Price> QuantityPrice { get; } = Gen.OneOf(
        Graduated,
        from tiers in Tiers from entry in AnyEntry select (Price)new Price.Volume(tiers, entry),
        from tiers in Tiers from entry in AnyEntry select (Price)new Price.Graduated(tiers, entry),
        from amount in Amount select (Price)new Price.PerUnit(amount),
        from amount in Amount
        from size in Quantity
        select (Price)new Price.Package(amount, size + 0.5m),
        from tiers in Tiers
        from rate in Gen.Choose(0, 10_000)
        select (Price)new Price.GraduatedPercentage([.. tiers.Select(tier => new PercentageTier(tier.UpTo, tier.FlatAmount, rate / 100m))]),
        from multiplier in Gen.Choose(0, 5_000)
        from markup in Gen.OneOf(Gen.Constant(0), Gen.Choose(1, 9_000))
        select (Price)new Price.Dynamic(multiplier / 100m, markup / 100m));

    public static Gen<Price> AnyPrice { get; } = Gen.OneOf(
        QuantityPrice,
        from included in Gen.OneOf(Gen.Constant(0m), Quantity)
        from beyond in QuantityPrice
        select (Price)new Price.Overage(included, beyond),
        from amount in Amount
        from term in Gen.Elements(PaymentTerm.InAdvance, PaymentTerm.InArrears)
        select (Price)new Price.Flat(amount, term));

    public static Gen<RateCardTerms> Terms { get; } =
        from usageDiscount in Gen.OneOf(Gen.Constant(0m), Quantity)
        from percentage in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 100))
        from minimum in Gen.OneOf(Gen.Constant<decimal?>(null), Amount.Select(amount => (decimal?)amount))
        from above in Gen.OneOf(Gen.Constant<decimal?>(null), Amount.Select(amount => (decimal?)amount))
        select new RateCardTerms(usageDiscount, percentage, above + (minimum ?? 0m), minimum);

    public static Gen<Currency> AnyCurrency { get; } = Gen.Elements("USD", "JPY", "KWD", "CLF").Select(Currency.Parse);

    public static Gen<Rounding> AnyRounding { get; } = Gen.Elements(Enum.GetValues<Rounding>());

    public static Gen<Instant> AnyInstant { get; } =
        from days in Gen.Choose(-3650, 12_000)
        from seconds in Gen.Choose(0, 86_399)
        from microseconds in Gen.Elements(0, 0, 1, 999_999)
        select Instant.FromUtc(2000, 1, 1, 0, 0) + Duration.FromDays(days) + Duration.FromSeconds(seconds)
            + Duration.FromNanoseconds(microseconds * 1000L);

    /// <summary>A whole January line for a price under terms.</summary>
    public static Gen<RatingInput> Input { get; } =
        from price in AnyPrice
        from terms in Terms
        from quantity in Quantity
        from currency in AnyCurrency
        from rounding in AnyRounding
        select Some.Input(price, quantity, terms) with { Currency = currency, Rounding = rounding };

    private static decimal Power(int exponent) => exponent == 0 ? 1m : 10m * Power(exponent - 1);

    private static ImmutableArray<PriceTier> Build(decimal[] steps, decimal[] flats, decimal[] units)
    {
        var reached = 0m;
        var tiers = ImmutableArray.CreateBuilder<PriceTier>();
        for (var i = 0; i < steps.Length; i++)
        {
            reached += steps[i] + 0.001m;
            tiers.Add(new PriceTier(reached, flats[i], units[i]));
        }

        tiers.Add(new PriceTier(null, flats[^1], units[^1]));
        return tiers.ToImmutable();
    }
}
