using System.Collections.Immutable;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

public sealed class UsagePeriodsTest
{
    [Fact]
    public void I12_a_reset_keeps_the_anchor_or_moves_it()
    {
        const string table = """
            resets              at     start  end
            -                   d5     d0     d10
            -                   d10    d10    d20
            keep d4             d3     d0     d4
            keep d4             d4     d4     d10
            keep d4             d10    d10    d20
            move d4             d4     d4     d14
            move d4             d14    d14    d24
            move d4, keep d7    d7     d7     d14
            keep d4, move d7    d8     d7     d17
            move d4, move d7    d18    d17    d27
            move d4+u1          d4+u1  d4+u1  d14+u1
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var expected = new ServicePeriod(GrantText.At(row["start"]), GrantText.At(row["end"]));
            Assert.Equal((row.ToString(), expected), (row.ToString(), Periods(row["resets"]).PeriodContaining(GrantText.At(row["at"]))));
        }
    }

    [Fact]
    public void Usage_is_reset_at_every_boundary_and_where_it_was_asked_for()
    {
        const string table = """
            resets           measured  until  all
            -                d0        d9     -
            -                d0        d10    d10 forgiven
            -                d5        d25    d10 forgiven, d20 forgiven
            keep d4          d0        d20    d4 preserved, d10 forgiven, d20 forgiven
            move d4          d0        d20    d4 preserved, d14 forgiven
            keep d10         d0        d20    d10 preserved, d20 forgiven
            move d12, keep d15  d11    d32    d12 preserved, d15 preserved, d22 forgiven, d32 forgiven
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var resets = Periods(row["resets"], row["measured"]).ResetsUntil(GrantText.At(row["until"]));
            var text = string.Join(", ", resets.Select(reset => $"d{(reset.At - GrantText.Origin).Days} {Word(reset.Overage)}"));
            Assert.Equal((row.ToString(), row["all"]), (row.ToString(), text.Length == 0 ? "-" : text));
        }
    }

    [Fact]
    public void I9_a_reset_lies_in_the_current_period_after_it_began()
    {
        const string table = """
            resets   measured  at        now  refused
            -        d2        d5        d6   -
            -        d2        d6        d6   -
            -        d2        d6+u1     d6   InTheFuture
            -        d2        d1        d6   BeforeMeasurement
            -        d2        d2        d6   AtLastReset
            -        d2        d2+u1     d6   -
            -        d2        d9        d16  BeforeCurrentPeriod
            -        d2        d1        d16  BeforeMeasurement
            -        d2        d10       d16  AtLastReset
            -        d2        d10+s1    d16  -
            keep d5  d2        d4        d6   BeforeCurrentPeriod
            keep d5  d2        d5        d6   AtLastReset
            keep d5  d2        d5+u1     d6   -
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var refusal = Periods(row["resets"], row["measured"]).Refuses(GrantText.At(row["at"]), GrantText.At(row["now"]));
            Assert.Equal((row.ToString(), row["refused"]), (row.ToString(), refusal?.ToString() ?? "-"));
        }
    }

    [Fact]
    public void Resets_that_were_asked_for_come_one_after_the_other_after_measurement_began()
    {
        Assert.Contains("is not after", Assert.Throws<ArgumentException>(() => Periods("keep d4, move d4")).Message);
        Assert.Contains("is not after", Assert.Throws<ArgumentException>(() => Periods("keep d0")).Message);
    }

    [Fact]
    public void Overage_at_the_boundaries_of_the_calendar_is_treated_as_was_agreed()
    {
        var calendar = new BillingCalendar(Cadence.Daily, GrantText.Origin, DateTimeZone.Utc);
        UsagePeriods Of(OverageAtReset overage) => new(calendar, GrantText.Origin, overage, []);
        Assert.All(Enum.GetValues<OverageAtReset>(), overage =>
            Assert.Equal(overage, Assert.Single(Of(overage).ResetsUntil(GrantText.At("d1"))).Overage));
        var minutely = new UsagePeriods(
            new BillingCalendar(Cadence.Parse("PT1M"), GrantText.Origin, DateTimeZone.Utc), GrantText.Origin, OverageAtReset.Forgiven, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => minutely.ResetsUntil(GrantText.At("d700")));
    }

    [Fact]
    public void Resets_are_where_usage_periods_begin() => Law.Holds(
        from days in Gen.Choose(1, 40)
        from measured in Gen.Choose(-50, 50)
        from asked in Gen.Choose(1, 200).ListOf()
        from kept in Gen.Choose(0, 1)
        select (days, measured, asked: asked.Distinct().Take(5).ToList(), kept),
        x =>
        {
            var from = GrantText.Origin + Duration.FromDays(x.measured);
            var calendar = new BillingCalendar(new Cadence(x.days, CadenceUnit.Day), GrantText.Origin, DateTimeZone.Utc);
            var periods = new UsagePeriods(calendar, from, OverageAtReset.Forgiven, [.. x.asked.Select(day =>
                new ManualReset(from + Duration.FromDays(day), retainsAnchor: (day + x.kept) % 2 == 0, OverageAtReset.Preserved))]);
            var resets = periods.ResetsUntil(from + Duration.FromDays(200)).Select(reset => reset.At).ToList();
            Assert.All(resets, at => Assert.Equal(at, periods.PeriodContaining(at).Start));
            Assert.All(resets.Zip(resets.Skip(1)), pair => Assert.Equal(pair.Second, periods.PeriodContaining(pair.First).End));
            Assert.All(x.asked, day => Assert.Contains(from + Duration.FromDays(day), resets));
            Assert.DoesNotContain(from, resets);
        });

    private static UsagePeriods Periods(string resets, string measured = "d0") => new(
        new BillingCalendar(new Cadence(10, CadenceUnit.Day), GrantText.Origin, DateTimeZone.Utc),
        GrantText.At(measured),
        OverageAtReset.Forgiven,
        resets == "-" ? [] : [.. resets.Split(", ").Reverse().Select(Manual)]);

    private static ManualReset Manual(string text) =>
        new(GrantText.At(text.Split(' ')[1]), retainsAnchor: text.StartsWith("keep", StringComparison.Ordinal), OverageAtReset.Preserved);

    private static string Word(OverageAtReset overage) => overage == OverageAtReset.Forgiven ? "forgiven" : "preserved";
}
