using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>What someone who wants rating to be wrong would try; expected figures are worked out by hand.</summary>
public sealed class EdgeCasesTest
{
    [Fact]
    public void Bounds_and_flat_amounts_hold_at_the_last_decimal()
    {
        const string table = """
            row             price                                                         currency  quantity             exact
            bound           graduated up to 0.5: 1 each | then flat 7 + 2 each            USD       0.5                  0.5
            above           graduated up to 0.5: 1 each | then flat 7 + 2 each            USD       0.500000000001       7.500000000002
            volume bound    volume up to 0.5: flat 3 | then 2 each                        USD       0.5                  3
            volume above    volume up to 0.5: flat 3 | then 2 each                        USD       0.500000000001       1.000000000002
            flat at zero    graduated up to 5: flat 7 | then 1 each                       USD       0                    7
            flat, open      graduated then flat 7 + 1 each                                USD       0                    7
            no package      package 3 for 7                                               USD       0                    0
            a crumb         package 3 for 7                                               USD       0.000000000001       7
            a full one      package 0.3 for 7                                             USD       0.9                  21
            past a full     package 0.3 for 7                                             USD       0.900000000001       28
            thirds          package 3 for 1                                               USD       10000000000000000    3333333333333334
            allowance       overage 10 then graduated up to 1: flat 5 | then 3 each       USD       10                   0
            first overage   overage 10 then graduated up to 1: flat 5 | then 3 each       USD       10.000000000001      5
            overage bound   overage 10 then graduated up to 1: flat 5 | then 3 each       USD       11                   5
            past it         overage 10 then graduated up to 1: flat 5 | then 3 each       USD       11.5                 6.5
            yen             graduated up to 3: 0.5 each | then 0.25 each                  JPY       5                    2
            dinar           unit 0.0005                                                   KWD       3                    0.0015
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var input = Some.Input(PriceText.Parse(row["price"]), row.Decimal("quantity")) with { Currency = Currency.Parse(row["currency"]) };
            var result = Rater.Rate(input);
            Assert.Equal((row.ToString(), row.Decimal("exact")), (row.ToString(), result.Charges.Sum(charge => charge.Exact.Amount)));
            Assert.Equal(result.Total.Amount, result.Charges.Sum(charge => charge.Amount.Amount));
        }
    }

    [Fact]
    public void Minor_units_are_those_of_the_currency_wherever_an_amount_is_rounded()
    {
        // 2 + 1 yen (2.5 and 0.5, away from zero); 10 % of 4 is 0.4, nothing; the maximum 2.5 is 3; the minimum 3.4 is 3.
        var price = PriceText.Parse("graduated up to 5: 0.5 each | then 0.25 each");
        RatingResult Of(string currency, RateCardTerms terms) =>
            Rater.Rate(Some.Input(price, 7m, terms) with { Currency = Currency.Parse(currency) });
        Assert.Equal(["3", "1", "0"], Amounts(Of("JPY", new RateCardTerms(percentageDiscount: 10m))));
        Assert.Equal(["3", "1", "-1"], Amounts(Of("JPY", new RateCardTerms(maximumAmount: 2.5m))));
        Assert.Equal(["3", "1", "1"], Amounts(Of("JPY", new RateCardTerms(minimumAmount: 4.5m))));
        Assert.Equal(["2.500", "0.500", "-0.334"], Amounts(Of("KWD", new RateCardTerms(maximumAmount: 2.6664m))));
        Assert.Equal(["1.250", "-0.001"], new[] { "1.2495", "-0.0005" }.Select(amount =>
            new ExactAmount(decimal.Parse(amount), Currency.Parse("KWD")).Round(Rounding.HalfAwayFromZero).ToAmountString()));
    }

    [Fact]
    public void A_free_part_that_ends_within_a_transaction_ends_at_the_last_decimal()
    {
        const string table = """
            row            price                         amounts              exact     paid
            to the crumb   10 fixed 1 upto 100           99.99 0.02 5         2.501     5.01
            exactly        10 fixed 1 upto 100           99.99 0.01 5         1.5       5
            both at once   10 fixed 1 free 2 upto 100    40 60 5              1.5       5
            count first    10 fixed 1 free 1 upto 100    40 60 5              8.5       65
            amount first   10 fixed 1 free 3 upto 100    100 1 5              2.6       6
            nothing left   10 min 2 upto 100             100 0.01             2         0.01
            over the top   10 max 2 upto 100             100.01 1000          2.001     1000.01
            free of rate   0 fixed 0.5 free 1            1 1 1                1         2
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var result = Rater.Rate(Some.Input(PriceText.Parse($"percentage {row["price"]}"), 0m) with
            {
                Transactions = TransactionUsage.Each([.. row.Decimals("amounts")]),
            });
            var paid = result.Charges.Where(charge => charge.Rule == ChargeRule.PercentageOfAmount).Sum(charge => charge.Quantity);
            Assert.Equal(
                (row.ToString(), row.Decimal("exact"), row.Decimal("paid")),
                (row.ToString(), result.Charges.Sum(charge => charge.Exact.Amount), paid));
        }
    }

    [Fact]
    public void A_percentage_of_small_transactions_is_rounded_with_their_sum_and_not_one_by_one()
    {
        // A thousand transactions of 1.00 at 0.5 % are 5.00; half a cent each, rounded one by one, would make 10.00 of it.
        var price = new Price.Percentage(0.5m);
        var amounts = Enumerable.Repeat(1m, 1000).ToArray();
        Assert.Equal("5.00 USD", Rater.Rate(Some.Input(price, 0m) with { Transactions = TransactionUsage.Each(amounts) }).Total.ToString());
        var fees = InAdvanceBilling.FeesOfTransactions(Some.Input(price, 0m), [.. amounts]);
        Assert.Equal(5.00m, fees.Sum(fee => fee.Total.Amount));
        Assert.Equal(["0.01", "0.00", "0.01", "0.00"], fees.Take(4).Select(fee => fee.Total.ToAmountString()));
    }

    [Fact]
    public void Clock_changes_and_leap_days_change_the_time_of_a_period_and_not_its_days()
    {
        const string table = """
            row        zone           full                    served                  policy  fee   total
            spring     Europe/Berlin  2026-03-01..2026-04-01  2026-03-29..2026-04-01  time    743   71.00
            spring     Europe/Berlin  2026-03-01..2026-04-01  2026-03-29..2026-04-01  day     31    3.00
            autumn     Europe/Berlin  2026-10-01..2026-11-01  2026-10-25..2026-10-26  time    745   25.00
            autumn     Europe/Berlin  2026-10-01..2026-11-01  2026-10-25..2026-10-26  day     31    1.00
            leap       UTC            2024-02-01..2024-03-01  2024-02-29..2024-03-01  time    29    1.00
            no leap    UTC            2023-02-01..2023-03-01  2023-02-28..2023-03-01  day     28    1.00
            half hour  Australia/Lord_Howe  2026-04-01..2026-05-01  2026-04-05..2026-04-06  time  720.5  24.50
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var zone = DateTimeZoneProviders.Tzdb[row["zone"]];
            var result = Rater.Rate(Some.Input(new Price.Flat(row.Decimal("fee"), PaymentTerm.InArrears), 0m) with
            {
                Line = LinePeriod.Partly(Period(row["full"], zone), Period(row["served"], zone)),
                Proration = row["policy"] == "day" ? Proration.ByDay(zone) : Proration.ByTime,
            });
            Assert.Equal((row.ToString(), row["total"]), (row.ToString(), result.Total.ToAmountString()));
        }
    }

    [Fact]
    public void A_month_from_the_31st_ends_on_the_last_day_of_every_month_and_never_drifts()
    {
        var berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        var calendar = new BillingCalendar(Cadence.Monthly, new LocalDateTime(2024, 1, 31, 2, 30).InZoneLeniently(berlin).ToInstant(), berlin);
        var ends = calendar.PeriodsFrom(calendar.Anchor).Take(26)
            .Select(period => period.End.InZone(berlin).LocalDateTime.ToString("MM-dd HH:mm", null));
        Assert.Equal(
            "02-29 02:30, 03-31 03:30, 04-30 02:30, 05-31 02:30, 06-30 02:30, 07-31 02:30, 08-31 02:30, 09-30 02:30, 10-31 02:30, "
            + "11-30 02:30, 12-31 02:30, 01-31 02:30, 02-28 02:30, 03-31 02:30, 04-30 02:30, 05-31 02:30, 06-30 02:30, 07-31 02:30, "
            + "08-31 02:30, 09-30 02:30, 10-31 02:30, 11-30 02:30, 12-31 02:30, 01-31 02:30, 02-28 02:30, 03-31 02:30",
            string.Join(", ", ends));
    }

    [Fact]
    public void A_negative_amount_is_allocated_as_its_magnitude_is() => Law.Holds(
        from units in Gen.Choose(0, 100_000)
        from currency in Generated.AnyCurrency
        from weights in Gen.NonEmptyListOf(Generated.Quantity)
        where weights.Any(weight => weight > 0m)
        select (Money: new Money(units * currency.MinorUnit, currency), Weights: weights.ToArray()),
        x => Assert.Equal(x.Money.Allocate(x.Weights), (-x.Money).Allocate(x.Weights).Select(part => -part)));

    [Fact]
    public void A_split_with_bounds_discount_and_a_correction_ends_where_the_whole_period_does()
    {
        // 40 % off, at most 50.00, at least 20.00: 10 units 60.00 → 50.00; then 4 are withdrawn: 36.00; then all: 0.00, topped up to 20.00.
        var terms = new RateCardTerms(percentageDiscount: 40m, maximumAmount: 50m, minimumAmount: 20m);
        string Line(string mode, decimal prior, decimal cumulative) =>
            Rater.Rate(Some.Input(new Price.PerUnit(10m), mode, new Usage(prior, cumulative), terms)).Total.ToAmountString();
        Assert.Equal(["50.00", "-14.00", "-16.00"], [Line("first", 0m, 10m), Line("mid", 10m, 6m), Line("last", 6m, 0m)]);
        var (billed, known) = (Some.Input(new Price.PerUnit(10m), 10m, terms), Usage.Of(1m));
        Assert.Equal("-30.00 USD", Correction.Delta(billed, known).Total.ToString());
        Assert.Equal(
            ["-44.00", "14.00"],
            Correction.PeriodPreserving(
            [
                (Part("first", 0m, 10m), Part("first", 0m, 1m)),
                (Part("last", 10m, 10m), Part("last", 1m, 1m)),
            ]).Select(line => line.Total.ToAmountString()));
        RatingInput Part(string mode, decimal prior, decimal cumulative) =>
            Some.Input(new Price.PerUnit(10m), mode, new Usage(prior, cumulative), terms);
    }

    [Fact]
    public void What_happens_to_grants_at_one_instant_happens_in_one_order()
    {
        const string table = """
            case        grants                                     usage    resets        balances  overage
            end first   100 to d1 roll 50..50                      10@h1    d1 preserved  .         0
            end, recur  100 every P1D@d0 to d1                     130@h1   d1 preserved  .         30
            roll recur  100 every P1D@d0 roll 0..10                130@h1   d1 preserved  70        0
            forgiven    100 every P1D@d0 roll 0..10                130@h1   d1 forgiven   100       0
            relay       100 to d1 | 100 from d1                    130@h1   d1 preserved  . 70      0
            raised      100 roll 20..50 | 40 p2 from d1            130@h1   d1 preserved  0 30      0
            void, roll  100 void d1 roll 50..50 | 10 roll 5..5     100@h1   d1 forgiven   . 5       0
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var input = new BurnDownInput
            {
                MeasuredFrom = GrantText.Origin,
                Until = GrantText.At("d1"),
                Grants = GrantText.Grants(row["grants"]),
                Usage = GrantText.Usage(row["usage"]),
                Resets = GrantText.Resets(row["resets"]),
            };
            var after = BurnDown.Run(input).Snapshot;
            Assert.Equal(
                (row.ToString(), row["balances"], row.Decimal("overage")),
                (row.ToString(), GrantText.Balances(input.Grants, after), after.Overage));
        }
    }

    [Fact]
    public void Bug_usage_told_in_groups_or_transactions_was_free_under_a_price_that_does_not_ask_for_them()
    {
        var groups = new GroupedUsage(["model"], [new(["a"], Usage.Of(3m)), new(["b"], Usage.Of(4m))]);
        var unit = Some.Input(new Price.PerUnit(2m), 0m);
        Assert.Equal("14.00 USD", Rater.Rate(unit with { Groups = groups }).Total.ToString());
        Assert.Equal("14.00 USD", Rater.Rate(unit with { Groups = groups, Usage = Usage.Of(7m) }).Total.ToString());
        Assert.Equal("14.00 USD", Rater.Rate(unit with { Transactions = TransactionUsage.Each(3m, 4m) }).Total.ToString());
        Assert.Throws<ArgumentException>(() => Rater.Rate(unit with { Groups = groups, Usage = Usage.Of(8m) }));
        Assert.Equal("0.07 USD", Rater.Rate(unit with { Price = new Price.Percentage(1m), Groups = groups }).Total.ToString());
        Assert.Throws<ArgumentException>(() => Rater.Rate(unit with { Price = new Price.Percentage(1m, 1m), Groups = groups }));
        Assert.Equal("7.00 USD", Rater.Rate(unit with { Price = new Price.Dynamic(), Groups = groups }).Total.ToString());
        Assert.Equal("5.00 USD", Rater.Rate(unit with { Price = new Price.Flat(5m, PaymentTerm.InAdvance), Groups = groups }).Total.ToString());
        var matrix = new Price.Dimensional(["model"], [], new Price.PerUnit(1m), Pooling.EachGroup);
        Assert.Throws<ArgumentException>(() => Rater.Rate(unit with { Price = matrix, Transactions = TransactionUsage.Each(3m) }));
        Assert.Throws<ArgumentException>(() => Rater.Rate(unit with { Groups = groups, UnitsInForce = new UnitsInForce(1m, []) }));
        Assert.Throws<ArgumentException>(() =>
            Rater.Rate(unit with { Transactions = TransactionUsage.Counted(0m, 1m), UnitsInForce = new UnitsInForce(1m, []) }));
    }

    [Fact]
    public void Bug_converted_groups_said_to_bill_the_conversion_of_their_sum_and_billed_the_sum_of_their_conversions()
    {
        var terms = new RateCardTerms(conversion: UnitConversion.DivideBy(1000m, UnitRounding.Up));
        var groups = new GroupedUsage(["model"], [new(["a"], Usage.Of(1400m)), new(["b"], Usage.Of(1300m)), new(["c"], Usage.Of(1m))]);
        RatingResult Of(Pooling pooling, Price? fallback) => Rater.Rate(Some.Input(
            new Price.Dimensional(["model"], [new PriceCell(["a"], new Price.PerUnit(1m))], fallback, pooling), 0m, terms) with { Groups = groups });
        Assert.Equal((5m, 2701m), (Of(Pooling.EachGroup, new Price.PerUnit(1m)).Billable.Quantity, Of(Pooling.EachGroup, null).Metered.Quantity));
        Assert.Equal(4m, Of(Pooling.AcrossGroups, new Price.PerUnit(1m)).Billable.Quantity);
        Assert.Equal(5m, Of(Pooling.EachGroup, fallback: null).Billable.Quantity);
        Assert.All(Enum.GetValues<Pooling>(), pooling =>
        {
            var result = Of(pooling, new Price.PerUnit(1m));
            Assert.Equal(result.Billable.Quantity, result.Charges.Sum(charge => charge.Quantity));
        });
    }

    [Fact]
    public void Groups_that_convert_to_more_than_the_largest_quantity_are_refused()
    {
        var terms = new RateCardTerms(conversion: UnitConversion.MultiplyBy(RatingBounds.QuantityMax / 8m, UnitRounding.None));
        var matrix = new Price.Dimensional(["n"], [], new Price.PerUnit(RatingBounds.AmountMax), Pooling.EachGroup);
        RatingInput Of(int count) => Some.Input(matrix, 0m, terms) with
        {
            Groups = new GroupedUsage(["n"], [.. Enumerable.Range(0, count).Select(n => new UsageGroup([$"{n}"], Usage.Of(1m)))]),
        };
        Assert.Equal(RatingBounds.AmountMax * RatingBounds.QuantityMax, Rater.Rate(Of(8)).Total.Amount);
        Assert.Throws<ArgumentOutOfRangeException>(() => Rater.Rate(Of(9)));
    }

    private static IEnumerable<string> Amounts(RatingResult result) => result.Charges.Select(charge => charge.Amount.ToAmountString());

    private static ServicePeriod Period(string text, DateTimeZone zone)
    {
        var midnights = text.Split("..").Select(day =>
            NodaTime.Text.LocalDatePattern.Iso.Parse(day).Value.AtStartOfDayInZone(zone).ToInstant()).ToArray();
        return new ServicePeriod(midnights[0], midnights[1]);
    }
}
