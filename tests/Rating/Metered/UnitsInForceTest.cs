using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

public sealed class UnitsInForceTest
{
    private static readonly Price Seats = PriceText.Parse("graduated up to 5: flat 100 + 10 each | then flat 50 + 5 each");

    private static readonly Gen<UnitsInForce> AnyUnits =
        from carried in Gen.OneOf(Gen.Constant(0m), Gen.Choose(-20, 100).Select(units => (decimal)units))
        from count in Gen.Choose(0, 6)
        from seconds in Gen.ArrayOf(Gen.Choose(-100_000, 2_800_000), count)
        from units in Gen.ArrayOf(Gen.Choose(-4_000, 6_000).Select(hundredths => hundredths / 100m), count)
        select new UnitsInForce(carried, [.. seconds.Zip(units, (second, unit) => new UnitChange(At(second), unit))]);

    private static readonly Gen<Price> AnyPrice = Gen.OneOf(
        from tiers in Generated.Tiers from entry in Generated.AnyEntry select (Price)new Price.Graduated(tiers, entry),
        from tiers in Generated.Tiers from entry in Generated.AnyEntry select (Price)new Price.Volume(tiers, entry),
        from amount in Generated.Amount select (Price)new Price.PerUnit(amount),
        from tiers in Generated.Tiers
        from included in Gen.Choose(0, 50)
        select (Price)new Price.Overage(included, new Price.Graduated(tiers)));

    private static readonly Gen<Proration> AnyProration =
        Gen.Elements(Proration.ByTime, Proration.None, Proration.ByDay(DateTimeZoneProviders.Tzdb["Europe/Berlin"]));

    [Fact]
    public void A_line_says_what_was_in_force_and_for_how_long()
    {
        var units = new UnitsInForce(3m, [new(Day(11), 4m), new(Day(21), -2m), new(Day(26), 2m)]);
        var whole = Rater.Rate(Some.Input(Seats, 0m, new RateCardTerms(usageDiscount: 1m)) with { UnitsInForce = units });
        var last = Rater.Rate(Some.Input(Seats, "last", Usage.None) with { UnitsInForce = units });
        var always = Rater.Rate(Some.Input(Seats, 0m) with { UnitsInForce = units, Proration = Proration.None });
        var late = Rater.Rate(Some.Input(Seats, 0m) with { UnitsInForce = new UnitsInForce(0m, [new(Day(2), 0.5m), new(Day(12), 0.5m)]) });
        var text = string.Join('\n', new[] { whole, last, always, late }.Select(result => Explanation.Of(result, "Seats", "seats")));
        Golden.Matches("units-in-force.txt", text);
    }

    [Fact]
    public void A_unit_that_was_in_force_in_a_tier_has_entered_it_however_short_that_was()
    {
        var moment = new UnitsInForce(5m, [new(Day(2), 1m), new(Day(2) + Duration.FromNanoseconds(1000), -6m)]);
        var result = Rater.Rate(Some.Input(Seats, 0m) with { UnitsInForce = moment, Proration = Proration.ByDay(DateTimeZone.Utc) });
        Assert.Equal(["graduated-tier-1-unit", "graduated-tier-1-flat", "graduated-tier-2-flat"], result.Charges.Select(c => c.ChildReference));
    }

    [Fact]
    public void Changes_at_one_instant_are_one_change()
    {
        var both = new UnitsInForce(5m, [new(Day(2), 10m), new(Day(2), -10m)]);
        Assert.Equal("150.00 USD", Rater.Rate(Some.Input(Seats, 0m) with { UnitsInForce = both }).Total.ToString());
    }

    [Fact]
    public void Conversion_and_discount_act_on_what_is_in_force_and_not_on_its_average()
    {
        // Eleven seats for half of January are two packs of ten then, one pack on average, and after one free pack half a pack.
        var units = new UnitsInForce(0m, [new(Some.January.Start + ((Some.January.End - Some.January.Start) / 2), 11m)]);
        var terms = new RateCardTerms(usageDiscount: 1m, conversion: UnitConversion.DivideBy(10m, UnitRounding.Up));
        var result = Rater.Rate(Some.Input(new Price.PerUnit(100m), 0m, terms) with { UnitsInForce = units });
        Assert.Equal((5.5m, 0.5m, "50.00 USD"), (result.Metered.Quantity, result.Billable.Quantity, result.Total.ToString()));
    }

    [Fact]
    public void An_allowance_of_units_is_one_at_every_time()
    {
        // Ten seats are included: twelve for half of January are one seat of overage, though the average is six.
        var units = new UnitsInForce(0m, [new(Some.January.Start + ((Some.January.End - Some.January.Start) / 2), 12m)]);
        var result = Rater.Rate(Some.Input(PriceText.Parse("overage 10 then unit 7"), 0m) with { UnitsInForce = units });
        Assert.Equal([5m, 1m], result.Charges.Select(charge => charge.Quantity));
        Assert.Equal("7.00 USD", result.Total.ToString());
    }

    [Fact]
    public void A_volume_price_waits_for_the_first_unit_where_that_is_agreed()
    {
        var price = new Price.Volume(PriceText.Tiers("up to 5: flat 100 | then 1 each"), TierEntry.OnFirstUse);
        Assert.Empty(Rater.Rate(Some.Input(price, 0m) with { UnitsInForce = new UnitsInForce(-1m, [new(Day(2), 1m)]) }).Charges);
        var one = new UnitsInForce(0m, [new(Day(2), 1m)]);
        Assert.Equal("100.00 USD", Rater.Rate(Some.Input(price, 0m) with { UnitsInForce = one }).Total.ToString());
    }

    [Fact]
    public void A_period_without_days_counts_every_unit_in_full()
    {
        var day = new ServicePeriod(Day(2) + Duration.FromHours(8), Day(2) + Duration.FromHours(20));
        var result = Rater.Rate(Some.Input(new Price.PerUnit(1m), 0m) with
        {
            Line = LinePeriod.Whole(day),
            Proration = Proration.ByDay(DateTimeZone.Utc),
            UnitsInForce = new UnitsInForce(2m, [new(day.Start + Duration.FromHours(1), 5m), new(day.Start + Duration.FromHours(2), -6m)]),
        });
        Assert.Equal(7m, result.Metered.Quantity);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var units = new UnitsInForce(1m, []);
        foreach (var price in new[] { "package 10 for 1", "flat 1 in arrears", "percentage 1", "dynamic 1", "overage 1 then package 10 for 1" })
        {
            Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(PriceText.Parse(price), 0m) with { UnitsInForce = units }));
        }

        Assert.Equal(0m, UnitsInForce.None.Carried);
        Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(Seats, 2m) with { UnitsInForce = units }));
        Assert.Equal("110.00 USD", Rater.Rate(Some.Input(Seats, 1m) with { UnitsInForce = units }).Total.ToString());
        Assert.Throws<ArgumentException>(() => InAdvanceBilling.FeesOf(Some.Input(Seats, 0m) with { UnitsInForce = units }, 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnitsInForce(RatingBounds.QuantityMax + 1m, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnitsInForce(-RatingBounds.QuantityMax, [new(Day(2), -1m)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnitsInForce(0m, [.. Many(UnitsInForce.ChangesMax + 1)]));
        Assert.Equal(UnitsInForce.ChangesMax, new UnitsInForce(0m, [.. Many(UnitsInForce.ChangesMax)]).Changes.Length);

        static IEnumerable<UnitChange> Many(int count) => Enumerable.Range(0, count).Select(_ => new UnitChange(Day(2), 0m));
    }

    [Fact]
    public void The_most_units_for_the_longest_time_do_not_overflow()
    {
        var century = new ServicePeriod(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2100, 1, 1, 0, 0));
        var result = Rater.Rate(Some.Input(PriceText.Parse("overage 1 then unit 1000000000000"), 0m) with
        {
            Line = LinePeriod.Whole(century),
            UnitsInForce = new UnitsInForce(RatingBounds.QuantityMax, []),
        });
        Assert.Equal([1m, RatingBounds.QuantityMax - 1m], result.Charges.Select(charge => charge.Quantity));
    }

    [Fact]
    public void A_unit_in_force_all_the_time_is_a_unit_used()
    {
        var cases =
            from price in AnyPrice
            from terms in Generated.Terms
            from units in Generated.Quantity
            from policy in AnyProration
            select (price, terms, units, policy);
        Law.Holds(cases, x =>
        {
            var used = Rater.Rate(Some.Input(x.price, x.units, x.terms));
            var inForce = Rater.Rate(Some.Input(x.price, 0m, x.terms) with { UnitsInForce = new UnitsInForce(x.units, []), Proration = x.policy });
            Assert.Equal(used.Charges, inForce.Charges);
            Assert.Equal(used.Billable, inForce.Billable);
        });
    }

    [Fact]
    public void A_period_billed_in_three_lines_sums_to_the_period_billed_at_once_for_units_in_force_as_well()
    {
        var cases =
            from price in AnyPrice
            from terms in Generated.Terms
            from units in AnyUnits
            from policy in AnyProration
            from rounding in Generated.AnyRounding
            select (Whole: Some.Input(price, 0m, terms) with { UnitsInForce = units, Proration = policy, Rounding = rounding }, Terms: terms);
        Law.Holds(cases, x =>
        {
            var once = Rater.Rate(x.Whole);
            RatingResult[] parts = [.. new[] { "first", "mid", "last" }.Select(mode => Rater.Rate(x.Whole with { Line = Some.Line(mode) }))];
            Assert.Equal(once.Total.Amount, parts.Sum(part => part.Total.Amount));
            Assert.Equal(once.Metered.Quantity, parts.Sum(part => part.Metered.Quantity));
            Assert.Equal(once.Billable.Quantity, once.Charges.Where(charge => charge.CountsUnits).Sum(charge => charge.Quantity));
            Assert.All(parts.Append(once), part => Assert.Equal(part.Total, Rater.Total(part.Input)));
            Assert.All(once.Charges, charge => Assert.Equal(charge.Quantity * charge.UnitPrice, charge.Exact.Amount));
            Assert.All(once.Charges.Where(charge => charge.CountsUnits), charge => Assert.True(charge.Quantity > 0m));
        });
    }

    [Fact]
    public void A_change_that_becomes_known_late_is_corrected_at_once_or_line_by_line_to_the_same_amount()
    {
        var cases =
            from price in AnyPrice
            from terms in Generated.Terms
            from billed in AnyUnits
            from known in AnyUnits
            from policy in AnyProration
            select (Input: Some.Input(price, 0m, terms) with { Proration = policy }, billed, known);
        Law.Holds(cases, x =>
        {
            RatingInput Line(string mode, UnitsInForce units) => x.Input with { Line = Some.Line(mode), UnitsInForce = units };
            Money Worth(UnitsInForce units) => Rater.Rate(Line("single", units)).Total;
            var once = Correction.Of(Line("single", x.billed), Line("single", x.known));
            var each = Correction.PeriodPreserving([.. new[] { "first", "mid", "last" }.Select(mode => (Line(mode, x.billed), Line(mode, x.known)))]);
            Assert.Equal(Worth(x.known), Worth(x.billed) + once.Total);
            Assert.Equal(once.Total.Amount, each.Sum(line => line.Total.Amount));
        });
    }

    [Fact]
    public void The_order_of_changes_does_not_matter_and_the_average_is_what_a_naive_oracle_says()
    {
        Law.Holds(AnyUnits, units =>
        {
            var reversed = new UnitsInForce(units.Carried, [.. units.Changes.Reverse()]);
            RatingResult Of(UnitsInForce some) => Rater.Rate(Some.Input(Seats, 0m) with { UnitsInForce = some });
            Assert.Equal(Explanation.Of(Of(units), "Seats", "seats"), Explanation.Of(Of(reversed), "Seats", "seats"));

            // Second by second would take long; the changes are on seconds, so the stretches between them are looked at one by one.
            var cuts = units.Changes.Select(change => change.At).Where(at => Some.January.Contains(at))
                .Append(Some.January.Start).Append(Some.January.End).Distinct().Order().ToList();
            var unitSeconds = cuts.Zip(cuts.Skip(1), (from, to) => Math.Max(0m, LevelAt(units, from)) * (decimal)(to - from).TotalSeconds).Sum();
            var average = unitSeconds / (decimal)Some.January.Duration.TotalSeconds;
            Assert.Equal(decimal.Round(average, 12, MidpointRounding.ToZero), Of(units).Metered.Quantity);
        });
    }

    private static decimal LevelAt(UnitsInForce units, Instant at) =>
        units.Carried + units.Changes.Where(change => change.At <= at).Sum(change => change.Units);

    private static Instant At(int second) => Some.January.Start + Duration.FromSeconds(second);

    private static Instant Day(int day) => Some.January.Start + Duration.FromDays(day - 1);
}
