using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Metering.Rating.Tests;

/// <summary>
/// What Lago's specifications expect of recurring usage that is prorated. There each change comes with its full and its prorated quantity; here it
/// has the instant at which that share of the period is left. Rows whose answer we give differently are marked and told in
/// <c>docs/rating-differences.md</c>.
/// </summary>
public sealed class LagoRecurringCasesTest
{
    private const string Two = "graduated up to 5: flat 100 + 10 each | then flat 50 + 5 each";
    private const string Three = "graduated up to 5: flat 100 + 10 each | up to 15: flat 50 + 5 each | then 2 each";
    private const string Split = "graduated up to 1: flat 100 + 10 each | then flat 50 + 5 each";

    [Fact]
    public void PG_each_unit_counts_for_its_time_in_the_tier_in_which_it_lies()
    {
        const string table = """
            row     price  changes, each full then prorated                     exact   there
            PG-1≠   two    5 3.5  5 2.66667  10 2  -6 -2.2                      196.50  197.33
            PG-2≠   two    2 1.4  5 2.66667  10 2  -6 -2.2                      181.00  184.33
            PG-3    two    1 0.7097  4 1.54839  1 0.2258  -5 -0.80645  -1 -0.0645  165.81  165.81
            PG-4    two    5 3.5  -2 -1                                         125.00  125.00
            PG-5    two    4 2.8  2 1  -3 -0.6                                  180.50  180.50
            PG-6    two    5 3.5  2 1  -4 -1.6  10 2                            190.00  190.00
            PG-7≠   two    5 2  -100 -33.33                                     103.34  0
            PG-8    two    1 0.7                                                107.00  107.00
            PG-9    two    -                                                    100.00  100.00
            PG-10   three  75 75                                                370.00  370.00
            PG-11≠  three  2 1.4  5 2.5  10 2  -6 -2.2  4 0.667  60 2           187.00  191.34
            PG-12   split  1 0.7                                                107.00  107.00
            """;
        foreach (var row in Rows(table))
        {
            var price = row.Price switch { "two" => Two, "three" => Three, _ => Split };
            var result = Rater.Rate(Recurring(PriceText.Parse(price), 0m, row.Changes));
            var exact = new ExactAmount(result.Charges.Sum(charge => charge.Exact.Amount), Currency.Usd).Round(Rounding.HalfAwayFromZero);
            Assert.Equal((row.Name, row.Ours), (row.Name, exact.Amount));
            Assert.Equal((row.Name, row.Name.EndsWith('≠')), (row.Name, row.Ours != row.There));
        }
    }

    [Fact]
    public void PG_1_and_2_and_11_are_theirs_where_six_units_are_given_up_after_they_came_into_force()
    {
        // There, six units with 0.3667 of the period left are given up after ten with 0.2 left came, as if those had been in force before. With
        // the shares of the two changes the other way round, which is a line of time, both ways of counting agree:
        // 35 + (2.66667 + 10 × 0.3667 − 6 × 0.2) × 5 + 150.
        var changes = Changes("5 3.5  5 2.66667  10 3.66667  -6 -1.2");
        var result = Rater.Rate(Recurring(PriceText.Parse(Two), 0m, changes));
        Assert.Equal("210.67 USD", result.Total.ToString());
    }

    [Fact]
    public void PG_13_units_given_up_too_much_are_made_good_before_others_come_into_force()
    {
        var price = PriceText.Parse("graduated up to 2: 0 each | then 150 each");
        var march = new ServicePeriod(Instant.FromUtc(2025, 3, 1, 0, 0), Instant.FromUtc(2025, 4, 1, 0, 0));
        var april = new ServicePeriod(march.End, Instant.FromUtc(2025, 5, 1, 0, 0));
        ImmutableArray<UnitChange> changes =
        [
            .. Enumerable.Range(5, 3).Select(day => new UnitChange(Instant.FromUtc(2025, 3, day, 0, 0), -1m)),
            .. Enumerable.Range(5, 4).Select(day => new UnitChange(Instant.FromUtc(2025, 4, day, 0, 0), 1m)),
        ];
        var (first, second) = (Of(march), Of(april));
        Assert.Equal(("0.00", 0m), (first.Total.ToAmountString(), first.Metered.Quantity));

        // One unit is in force from 8 April on, for 23 of 30 days.
        Assert.Equal(("0.00", 0.766666666666m), (second.Total.ToAmountString(), second.Metered.Quantity));

        RatingResult Of(ServicePeriod month) =>
            Rater.Rate(Some.Input(price, 0m) with { Line = LinePeriod.Whole(month), UnitsInForce = new UnitsInForce(0m, changes) });
    }

    [Fact]
    public void V_8_the_tier_is_that_of_all_units_and_the_amount_that_of_their_time()
    {
        var price = PriceText.Parse("volume up to 100: flat 10 + 2 each | up to 200: 1 each | then flat 50 + 0.5 each");
        var result = Rater.Rate(Recurring(price, 0m, Changes("300 198.6")));
        Assert.Equal(["198.6 x 0.5 = 99.3", "1 x 50 = 50"], result.Charges.Select(c =>
            $"{AmountText.Quantity(c.Quantity)} x {c.UnitPrice} = {AmountText.Quantity(c.Exact.Amount)}"));
        Assert.Equal("149.30 USD", result.Total.ToString());
    }

    [Fact]
    public void PR_and_AG_units_in_force_are_averaged_over_the_full_period()
    {
        const string table = """
            row     full                    served                  carried  changes                                              policy  quantity
            PR-1    2023-05-01..2023-06-01  2023-05-01..2023-06-01  5        05-26+12 05-26+12                                    day     9.64517
            PR-1t   2023-05-01..2023-06-01  2023-05-01..2023-06-01  5        05-26+12 05-26+12                                    time    9.64517
            PR-3    2023-05-01..2023-06-01  2023-05-01..2023-06-01  5        05-26+12 05-26+12                                    none    29
            PR-5    2023-05-01..2023-06-01  2023-05-01..2023-06-01  0        05-01+5 05-26+12 05-26+12                            day     9.64517
            PR-6    2022-07-09..2022-08-09  2022-07-09..2022-08-09  1        07-19+1                                              day     1.67742
            PR-7    2022-07-09..2022-08-09  2022-07-09..2022-07-25  1        -                                                    day     0.51613
            PR-8    2022-07-09..2022-08-09  2022-07-09..2022-07-24  1        -                                                    day     0.48388
            PR-10≠  2022-07-09..2022-08-09  2022-07-09..2022-08-09  0        07-12T08+1 07-12T12-1 07-12T13+1 07-12T17-1          day     0
            PR-10≠  2022-07-09..2022-08-09  2022-07-09..2022-08-09  0        07-12T08+1 07-12T12-1 07-12T13+1 07-12T17-1          time    0.01076
            PR-11≠  2022-07-09..2022-08-09  2022-07-09..2022-08-09  0        07-12T08+1 07-12T12-1 07-15T08+1 07-15T12-1          day     0
            night   2022-07-09..2022-08-09  2022-07-09..2022-08-09  0        07-12T08+1 07-15T12-1                                day     0.09678
            AG-2    2023-05-01..2023-06-01  2023-05-01..2023-06-01  0        05-01+1000                                           time    1000
            AG-3    2023-05-01..2023-06-01  2023-05-01..2023-06-01  0        05-01+3 05-01+3                                      time    6
            AG-4    2023-05-01..2023-06-01  2023-05-01..2023-06-01  1000     -                                                    time    1000
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var (full, served) = (Period(row["full"]), Period(row["served"]));
            var year = row["full"][..4];
            var changes = row.IsEmpty("changes") ? [] : row["changes"].Split(' ').Select(text => Change(year, text));
            var result = Rater.Rate(Some.Input(new Price.PerUnit(1m), 0m) with
            {
                Line = LinePeriod.Partly(full, served),
                Proration = row["policy"] switch { "day" => Proration.ByDay(DateTimeZone.Utc), "time" => Proration.ByTime, _ => Proration.None },
                UnitsInForce = new UnitsInForce(row.Decimal("carried"), [.. changes]),
            });

            // Theirs is rounded up to five decimals.
            var rounded = UnitConversion.MultiplyBy(1m, UnitRounding.Up, 5).Apply(result.Metered.Quantity);
            Assert.Equal((row.ToString(), row.Decimal("quantity")), (row.ToString(), rounded));
        }
    }

    private static RatingInput Recurring(Price price, decimal carried, ImmutableArray<UnitChange> changes) =>
        Some.Input(price, 0m) with { UnitsInForce = new UnitsInForce(carried, changes) };

    private static IEnumerable<(string Name, string Price, ImmutableArray<UnitChange> Changes, decimal Ours, decimal There)> Rows(string table)
    {
        foreach (var line in table.Split('\n').Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            yield return (line[0], line[1], Changes(string.Join(' ', line[2..^2])), Number(line[^2]), Number(line[^1]));
        }
    }

    /// <summary>Pairs of full and prorated quantity become changes at the instants that leave such a share of January.</summary>
    private static ImmutableArray<UnitChange> Changes(string text)
    {
        var numbers = text == "-" ? [] : text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number).ToArray();
        return
        [
            .. numbers.Chunk(2).Select(pair => new UnitChange(
                Some.January.End - Duration.FromNanoseconds((long)(pair[1] / pair[0] * Some.January.Microseconds) * 1000L), pair[0])),
        ];
    }

    /// <summary><c>07-12T08+1</c>: one more from eight o'clock on; without an hour from midnight on.</summary>
    private static UnitChange Change(string year, string text)
    {
        var sign = text.IndexOfAny(['+', '-'], 3);
        var hour = text[..sign].Split('T') is [_, var told] ? int.Parse(told, CultureInfo.InvariantCulture) : 0;
        return new UnitChange(Midnight($"{year}-{text[..5]}") + Duration.FromHours(hour), Number(text[sign..]));
    }

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static Instant Midnight(string date) => LocalDatePattern.Iso.Parse(date).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();

    private static ServicePeriod Period(string text) => new(Midnight(text.Split("..")[0]), Midnight(text.Split("..")[1]));
}
