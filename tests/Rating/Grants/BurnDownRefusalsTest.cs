using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating.Tests;

public sealed class BurnDownRefusalsTest
{
    private static readonly BurnDownInput Input = new()
    {
        MeasuredFrom = GrantText.Origin,
        Until = GrantText.At("d2"),
        Grants = GrantText.Grants("100 | 50 to d1"),
    };

    [Fact]
    public void H22_a_snapshot_has_a_balance_for_exactly_the_grants_in_force()
    {
        Assert.Equal(30m, BurnDown.Run(From(("g1", 20m), ("g2", 10m))).Accounts.Sum(account => account.Opening));
        Refused("lacks the grant g2", From(("g1", 20m)));
        Refused("a balance for g3, which is not a grant in force", From(("g1", 20m), ("g2", 10m), ("g3", 10m)));
        Refused("a balance for g2, which is not a grant in force", Later(From(("g1", 20m), ("g2", 10m)), "d1"));
        Refused("two balances for the grant g1", () => From(("g1", 20m), ("g1", 20m)));
        Refused("lacks the grant g1", From());
        Refused("a balance for g3, which", From(("g1", 20m), ("g2", 10m), ("g3", 10m), ("g4", 10m)));
    }

    [Fact]
    public void A_snapshot_lies_within_the_run_and_after_its_period_began()
    {
        Refused("before measurement begins", Later(From(("g1", 20m), ("g2", 10m)), "-s1"));
        Refused("before it starts", Later(From(("g1", 20m)), "d2+u1"));
        var early = From(("g1", 20m), ("g2", 10m));
        Refused("begins after the snapshot", early with { Snapshot = early.Snapshot! with { PeriodStart = GrantText.At("u1") } });
    }

    [Fact]
    public void I9_a_reset_before_measurement_began_contradicts_the_input() =>
        Refused("before measurement begins", Input with { Resets = GrantText.Resets("-s1 forgiven") });

    [Fact]
    public void One_instant_has_one_reset_and_one_id_has_one_grant()
    {
        Refused("Two resets", Input with { Resets = GrantText.Resets("d1 forgiven | d1 preserved") });
        Refused("Two grants", Input with { Grants = [Input.Grants[0], Input.Grants[1] with { Id = "g1" }] });
        Refused("before it starts", Input with { Until = GrantText.At("-s1") });
        Refused("before it starts", () => BurnDown.PhasesOf(Input with { Until = GrantText.At("-s1") }));
        Refused("have the id g1", Input with { Grants = [.. GrantText.Grants("1 | 2"), .. GrantText.Grants("1 | 2")] });
    }

    [Fact]
    public void Usage_that_reaches_over_the_edge_of_a_phase_is_refused()
    {
        foreach (var usage in new[] { "1@d1-s1..d1+s1", "1@d0..d2", "1@-s1..s1", "1@d2-s1..d2+s1" })
        {
            Refused("reaches over the edge", Input with { Usage = GrantText.Usage(usage) });
        }

        Assert.Equal(["d0..d1", "d1..d2"], BurnDown.PhasesOf(Input).Select(phase => $"d{Days(phase.Start)}..d{Days(phase.End)}"));
        Assert.Equal(3m, BurnDown.Run(Input with { Usage = GrantText.Usage("1@d0..d1 2@d1..d2") }).Snapshot.PeriodUsage);
        Assert.Equal(0m, BurnDown.Run(Input with { Usage = GrantText.Usage("1@-d1..d0 2@d2..d3") }).Snapshot.PeriodUsage);
    }

    [Fact]
    public void Usage_below_zero_counts_as_none() =>
        Assert.Equal(100m, BurnDown.Run(Input with { Usage = GrantText.Usage("-5@h1") }).Snapshot.Balance);

    [Fact]
    public void Figures_outside_the_bounds_are_named()
    {
        const decimal tooMuch = RatingBounds.QuantityMax + 1m;
        const decimal tooFine = 0.0000000000001m;
        var grant = Input.Grants[0];
        var snapshot = From(("g1", 20m), ("g2", 10m)).Snapshot!;
        foreach (var figure in new[] { tooMuch, tooFine, -tooFine })
        {
            Named("Amount", () => grant with { Amount = figure });
            Named("MinRollover", () => grant with { MinRollover = figure });
            Named("MaxRollover", () => grant with { MaxRollover = figure });
            Named("Overage", () => snapshot with { Overage = figure });
            Named("PeriodUsage", () => snapshot with { PeriodUsage = figure });
            Named("PeriodBurnt", () => snapshot with { PeriodBurnt = figure });
            Named("Balances", () => snapshot with { Balances = [new GrantBalance("g1", figure)] });
        }

        Named("quantity", () => new UsageSegment(Some.January, tooMuch));
        Named("quantity", () => new UsageSegment(Some.January, tooFine));
        Assert.Equal(RatingBounds.QuantityMax, (grant with { Amount = RatingBounds.QuantityMax }).Amount);
    }

    [Fact]
    public void Sums_beyond_the_bounds_are_named()
    {
        const decimal most = RatingBounds.QuantityMax;
        var full = Input with { Grants = [Input.Grants[0] with { Amount = most }], Usage = [new UsageSegment(BurnDown.PhasesOf(Input)[0], most)] };
        Assert.Equal((0m, most), (BurnDown.Run(full).Snapshot.Balance, BurnDown.Run(full).Snapshot.PeriodBurnt));
        Named("Granted", () => BurnDown.Run(full with { Grants = [.. full.Grants, Input.Grants[1]] }));
        Named("Usage", () => BurnDown.Run(full with { Usage = [.. full.Usage, .. GrantText.Usage("0.1@h1")] }));
        var opened = full with { Usage = GrantText.Usage("1@h1"), Grants = [Input.Grants[0]] };
        var snapshot = From(("g1", 20m)).Snapshot!;
        Named("Usage", () => BurnDown.Run(opened with { Snapshot = snapshot with { Overage = most } }));
        Named("Granted", () => BurnDown.Run(opened with { Snapshot = snapshot, Grants = [.. opened.Grants, GrantText.Grants("1 | 1 from h2")[1]] }
            with { Snapshot = snapshot with { Balances = [new GrantBalance("g1", most)] } }));
        Named("Usage of the period", () => BurnDown.Run(opened with { Snapshot = snapshot with { PeriodUsage = most } }));
        Named("Burn of the period", () => BurnDown.Run(opened with { Snapshot = snapshot with { PeriodBurnt = most } }));
    }

    [Fact]
    public void Counts_beyond_the_bounds_are_named()
    {
        var many = Enumerable.Range(0, GrantBounds.GrantsMax + 1).Select(number => Input.Grants[0] with { Id = $"g{number}" });
        Named("Grants", () => BurnDown.Run(Input with { Grants = [.. many] }));
        var minutely = GrantText.Grants("1 every PT1M@d0");
        Named("Events", () => BurnDown.PhasesOf(Input with { Grants = minutely, Until = GrantText.At("d700") }));
        Assert.Throws<ArgumentOutOfRangeException>(() => BurnDown.PhasesOf(Input with { Grants = minutely, Until = GrantText.At("d99999") }));
        ImmutableArray<GrantReset> resets =
        [
            .. Enumerable.Range(1, GrantBounds.EventsMax).Select(second =>
                new GrantReset(GrantText.Origin + Duration.FromSeconds(second), OverageAtReset.Forgiven)),
        ];
        Named("Events", () => BurnDown.PhasesOf(Input with { Resets = resets, Until = GrantText.At("d700") }));
        Named("Grants", () => GaugeLimit.At([.. many], GrantText.Origin, 1m));
        Assert.Equal(1440, BurnDown.PhasesOf(Input with { Grants = minutely, Until = GrantText.At("d1") }).Length);
        var crowd = Enumerable.Range(0, 1400).Select(number => Input.Grants[0] with { Id = $"c{number}" });
        Named("Rows", () => BurnDown.Run(Input with { Grants = [.. crowd, .. minutely], Until = GrantText.At("d1") }));
    }

    [Fact]
    public void Instants_are_cut_down_to_their_microsecond()
    {
        var beside = GrantText.Origin + Duration.FromNanoseconds(1999);
        var whole = GrantText.At("u1");
        var grant = Input.Grants[0] with { EffectiveAt = beside, ExpiresAt = beside, VoidedAt = beside, CreatedAt = beside };
        Assert.Equal((whole, whole, whole, whole), (grant.EffectiveAt, grant.ExpiresAt!.Value, grant.VoidedAt!.Value, grant.CreatedAt));
        Assert.Equal(whole, new GrantReset(beside, OverageAtReset.Forgiven).At);
        Assert.Equal(whole, new ManualReset(beside, retainsAnchor: true, OverageAtReset.Forgiven).At);
        Assert.Equal((whole, whole), ((Input with { MeasuredFrom = beside }).Start, (Input with { Until = beside }).Until));
        Assert.Equal(whole, BurnDown.Run(Input with { Until = beside }).Snapshot.At);
    }

    [Fact]
    public void Snapshots_with_the_same_figures_are_equal()
    {
        var (one, other) = (From(("g1", 20m), ("g2", 10m)).Snapshot!, From(("g2", 10.0m), ("g1", 20m)).Snapshot!);
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, From(("g1", 20m), ("g2", 11m)).Snapshot);
        Assert.NotEqual(one, one with { PeriodBurnt = 1m });
    }

    private static BurnDownInput From(params (string GrantId, decimal Balance)[] balances) => Input with
    {
        Snapshot = new GrantSnapshot
        {
            At = GrantText.Origin,
            PeriodStart = GrantText.Origin,
            Balances = [.. balances.Select(balance => new GrantBalance(balance.GrantId, balance.Balance))],
        },
    };

    private static BurnDownInput Later(BurnDownInput input, string at) =>
        input with { Snapshot = input.Snapshot! with { At = GrantText.At(at), PeriodStart = GrantText.At(at) } };

    private static int Days(Instant at) => (at - GrantText.Origin).Days;

    private static void Refused(string because, BurnDownInput input) => Refused(because, () => BurnDown.Run(input));

    private static void Refused(string because, Func<object> act) => Assert.Contains(because, Assert.Throws<ArgumentException>(act).Message);

    private static void Named(string name, Func<object> act) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(act).ParamName);
}
