using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class ChargeLawsTest
{
    [Fact]
    public void Charges_sum_to_the_total_and_each_is_its_exact_amount_rounded() => Law.Holds(Generated.Input, input =>
    {
        var result = Rater.Rate(input);
        Assert.Equal(result.Total.Amount, result.Charges.Sum(charge => charge.Amount.Amount));
        Assert.All(result.Charges, charge => Assert.Equal(charge.Exact.Round(input.Rounding), charge.Amount));
        Assert.Equal(result.Total, Rater.Total(input));
        Assert.Equal(result.Total.Amount, Enum.GetValues<ChargeKind>().Sum(kind => result.TotalOf(kind).Amount));
    });

    [Fact]
    public void Quantities_times_unit_prices_are_the_exact_amounts() => Law.Holds(Generated.Input, input =>
        Assert.All(Rater.Rate(input).Charges, charge => Assert.Equal(charge.Quantity * charge.UnitPrice, charge.Exact.Amount)));

    [Fact]
    public void Tier_quantities_sum_to_the_billable_usage_and_lie_within_their_tiers() => Law.Holds(
        from price in Generated.AnyPrice.Where(price => price is not (Price.Package or Price.Flat or Price.Overage { Beyond: Price.Package }))
        from quantity in Generated.Quantity
        from terms in Generated.Terms
        select Some.Input(price, quantity, terms),
        input =>
        {
            var result = Rater.Rate(input);
            Assert.Equal(result.Billable.Quantity, result.Charges.Where(charge => charge.CountsUnits).Sum(charge => charge.Quantity));
            Assert.All(
                result.Charges.Where(charge => charge.Rule == ChargeRule.GraduatedTierUnit),
                charge => Assert.True(charge.Quantity > 0m && charge.Quantity <= (charge.Tier!.UpTo ?? decimal.MaxValue) - charge.Tier.From));
        });

    [Fact]
    public void Child_references_are_unique_within_a_line() => Law.Holds(Generated.Input, input =>
    {
        var references = Rater.Rate(input).Charges.Select(charge => charge.ChildReference).ToList();
        Assert.Equal(references.Count, references.Distinct().Count());
    });

    [Fact]
    public void The_total_stays_between_minimum_and_maximum() => Law.Holds(Generated.Input, input =>
    {
        var (total, terms) = (Rater.Rate(input).Total, input.Terms);
        Assert.True(terms.MinimumAmount is not { } minimum || total >= new ExactAmount(minimum, input.Currency).Round(input.Rounding));
        Assert.True(terms.MaximumAmount is not { } maximum || total <= new ExactAmount(maximum, input.Currency).Round(input.Rounding));
        Assert.False(total.IsNegative);
    });

    [Fact]
    public void More_usage_never_costs_less_but_for_volume_prices() => Law.Holds(
        from price in Generated.AnyPrice.Where(price => price is not (Price.Volume or Price.Overage { Beyond: Price.Volume }))
        from quantity in Generated.Quantity
        from more in Generated.Quantity
        select (price, quantity, more),
        x => Assert.True(Rater.Rate(Some.Input(x.price, x.quantity + x.more)).Total >= Rater.Rate(Some.Input(x.price, x.quantity)).Total));

    [Fact]
    public void A_graduated_price_costs_what_a_naive_oracle_says() => Law.Holds(
        from tiers in Generated.Tiers
        from quantity in Generated.Quantity
        select (tiers, quantity),
        x => Assert.Equal(
            Naive.Graduated(x.tiers, x.quantity),
            Rater.Rate(Some.Input(new Price.Graduated(x.tiers), x.quantity)).Charges.Sum(charge => charge.Exact.Amount)));

    [Fact]
    public void Rating_twice_gives_the_same_text() => Law.Holds(Generated.Input, input =>
        Assert.Equal(Explanation.Of(Rater.Rate(input), "Usage", "units"), Explanation.Of(Rater.Rate(input with { }), "Usage", "units")));
}
