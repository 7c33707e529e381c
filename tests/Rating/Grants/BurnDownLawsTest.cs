using System.Collections.Immutable;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

public sealed class BurnDownLawsTest
{
    [Fact]
    public void What_was_granted_was_used_or_expired_or_voided_or_forfeited_or_is_left() => Law.Holds(GeneratedGrants.Split, x =>
    {
        var snapshot = BurnDown.Run(x.Input with { Until = x.Middle }).Snapshot;
        var result = BurnDown.Run(x.Input with { Snapshot = snapshot });
        Assert.All(result.Accounts, account => Assert.Equal(
            account.Opening + account.Granted,
            account.Used + account.Expired + account.Voided + account.Forfeited + account.Closing));
        Assert.Equal(snapshot.Balance, result.Accounts.Sum(account => account.Opening));
        Assert.Equal(result.Snapshot.Balance, result.Accounts.Sum(account => account.Closing));
    });

    [Fact]
    public void What_was_used_was_burnt_or_forgiven_or_is_owed() => Law.Holds(GeneratedGrants.Split, x =>
    {
        var snapshot = BurnDown.Run(x.Input with { Until = x.Middle }).Snapshot;
        var result = BurnDown.Run(x.Input with { Snapshot = snapshot });
        var usage = x.Input.Usage.Where(use => use.Period.Start >= x.Middle && use.Period.Start < x.Input.Until).Sum(use => use.Quantity);
        Assert.Equal(usage, result.Segments.Sum(segment => segment.Usage));
        Assert.Equal(
            snapshot.Overage + usage,
            result.Accounts.Sum(account => account.Used) + result.OverageForgiven + result.Snapshot.Overage);
        Assert.All(result.Segments, segment => Assert.Equal(
            segment.OverageAtStart + segment.Usage,
            segment.Grants.Sum(grant => grant.Used) + segment.OverageAtEnd));
    });

    [Fact]
    public void Balances_are_those_of_the_slow_and_obvious_computation() => Law.Holds(GeneratedGrants.Input, input =>
    {
        var (balances, overage) = NaiveBurnDown.Run(input);
        var snapshot = BurnDown.Run(input).Snapshot;
        Assert.Equal(
            balances.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new GrantBalance(pair.Key, pair.Value)),
            snapshot.Balances);
        Assert.Equal(overage, snapshot.Overage);
    });

    [Fact]
    public void The_order_of_the_input_does_not_matter() => Law.Holds(
        from input in GeneratedGrants.Input
        from grants in Gen.Shuffle(input.Grants.ToArray())
        from resets in Gen.Shuffle(input.Resets.ToArray())
        from usage in Gen.Shuffle(input.Usage.ToArray())
        select (input, shuffled: input with { Grants = [.. grants], Resets = [.. resets], Usage = [.. usage] }),
        x => Assert.Equal(Text(BurnDown.Run(x.input)), Text(BurnDown.Run(x.shuffled))));

    [Fact]
    public void A_run_in_two_parts_gives_what_one_run_gives() => Law.Holds(GeneratedGrants.Split, x =>
    {
        var whole = BurnDown.Run(x.Input);
        var first = BurnDown.Run(x.Input with { Until = x.Middle });
        var second = BurnDown.Run(x.Input with { Snapshot = first.Snapshot });
        Assert.Equal(whole.Snapshot, second.Snapshot);
        Assert.Equal(whole.Movements, [.. first.Movements, .. second.Movements]);
        Assert.Equal(whole.OverageForgiven, first.OverageForgiven + second.OverageForgiven);
        foreach (var account in whole.Accounts)
        {
            var (before, after) = (Of(first, account.GrantId), Of(second, account.GrantId));
            Assert.Equal(
                (account.Granted, account.Used, account.Expired, account.Voided, account.Forfeited, before.Closing),
                (before.Granted + after.Granted, before.Used + after.Used, before.Expired + after.Expired, before.Voided + after.Voided,
                    before.Forfeited + after.Forfeited, after.Opening));
        }
    });

    [Fact]
    public void Segments_follow_each_other_and_the_movements_explain_every_step_between_them() => Law.Holds(GeneratedGrants.Input, input =>
    {
        var result = BurnDown.Run(input);
        var at = input.MeasuredFrom;
        var balances = new Dictionary<string, decimal>();
        foreach (var segment in result.Segments)
        {
            Assert.Equal(at, segment.Period.Start);
            Move(balances, result.Movements.Where(movement => movement.At == at));
            Assert.All(segment.Grants, grant => Assert.Equal(balances.GetValueOrDefault(grant.GrantId), grant.BalanceAtStart));
            Assert.Equal(balances.Values.Sum(), segment.BalanceAtStart);
            foreach (var grant in segment.Grants)
            {
                balances[grant.GrantId] = grant.BalanceAtEnd;
            }

            at = segment.Period.End;
        }

        Assert.Equal(input.Until, at);
        Move(balances, result.Movements.Where(movement => movement.At == at));
        Assert.Equal(result.Snapshot.Balance, balances.Values.Sum());
        Assert.Equal(BurnDown.PhasesOf(input), result.Segments.Select(segment => segment.Period));
    });

    [Fact]
    public void No_figure_is_negative_and_overage_never_stands_beside_a_balance() => Law.Holds(GeneratedGrants.Input, input =>
    {
        var result = BurnDown.Run(input);
        Assert.All(result.Movements, movement => Assert.True(movement.Amount > 0m));
        Assert.All(result.Segments, segment => Assert.All(
            segment.Grants,
            grant => Assert.True(grant.BalanceAtStart >= 0m && grant.Used >= 0m && grant.BalanceAtEnd >= 0m)));
        Assert.All(result.Segments, segment => Assert.True(segment.OverageAtStart >= 0m && segment.OverageAtEnd >= 0m));
        Assert.All(result.Segments, segment => Assert.True(segment.OverageAtEnd == 0m || segment.BalanceAtEnd == 0m));
        Assert.True(result.Snapshot.Overage == 0m || result.Snapshot.Balance == 0m);
        Assert.All(result.Accounts, account => Assert.All(
            [account.Granted, account.Used, account.Expired, account.Voided, account.Forfeited, account.Closing],
            figure => Assert.True(figure >= 0m)));
    });

    [Fact]
    public void Grants_are_burnt_only_while_they_are_in_force() => Law.Holds(GeneratedGrants.Input, input =>
    {
        var (result, grants) = (BurnDown.Run(input), input.Grants.ToDictionary(grant => grant.Id));
        foreach (var segment in result.Segments)
        {
            var last = segment.Period.End - Duration.FromNanoseconds(1000);
            Assert.All(segment.Grants, burn => Assert.True(
                grants[burn.GrantId].IsInForceAt(segment.Period.Start) && grants[burn.GrantId].IsInForceAt(last)));
        }

        Assert.All(
            result.Movements.Where(movement => movement.Kind == GrantMovementKind.PaidOverage),
            movement => Assert.True(grants[movement.GrantId].IsInForceAt(movement.At)));
    });

    [Fact]
    public void A_grant_is_burnt_only_when_those_before_it_are_empty() => Law.Holds(GeneratedGrants.Input, input =>
        Assert.All(BurnDown.Run(input).Segments, segment => Assert.All(
            segment.Grants.SkipWhile(grant => grant.BalanceAtEnd == 0m).Skip(1),
            grant => Assert.Equal(0m, grant.Used))));

    /// <summary>The sums decide whether a run is within the bounds. Within, every digit is right; outside, an exception names the figure.</summary>
    [Fact]
    public void Sums_within_the_bounds_are_exact_and_sums_outside_are_refused() => Law.Holds(
        from granted in Gen.ArrayOf(Huge, 4)
        from used in Gen.ArrayOf(Huge, 4)
        select (granted, used),
        x =>
        {
            var template = GrantText.Grants("0")[0];
            var input = new BurnDownInput
            {
                MeasuredFrom = GrantText.Origin,
                Until = GrantText.At("d9"),
                Grants = [.. x.granted.Select((amount, index) => template with { Id = $"g{index}", Amount = amount })],
                Usage = [.. x.used.Select((amount, index) => new UsageSegment(SecondOf(index), amount))],
            };
            if (x.granted.Sum() > RatingBounds.QuantityMax || x.used.Sum() > RatingBounds.QuantityMax)
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => BurnDown.Run(input));
                return;
            }

            var snapshot = BurnDown.Run(input).Snapshot;
            Assert.Equal(Scaled(x.granted) - Scaled(x.used), Scaled([snapshot.Balance]) - Scaled([snapshot.Overage]));
        });

    private static FsCheck.Gen<decimal> Huge { get; } = Gen.OneOf(
        Gen.Constant(RatingBounds.QuantityMax),
        Gen.Constant(0.000000000001m),
        from high in Gen.Choose(0, 1_000_000_000)
        from low in Gen.Choose(0, 999_999_999)
        select (high * 4_000_000m) + (low * 0.000000000001m));

    /// <summary>The sum in millionths of millionths, in numbers without bound.</summary>
    private static System.Numerics.BigInteger Scaled(IEnumerable<decimal> figures) => figures.Aggregate(
        System.Numerics.BigInteger.Zero,
        (sum, figure) => sum
            + (new System.Numerics.BigInteger(decimal.Truncate(figure)) * 1_000_000_000_000)
            + new System.Numerics.BigInteger((figure - decimal.Truncate(figure)) * 1_000_000_000_000m));

    private static ServicePeriod SecondOf(int index) =>
        new(GrantText.Origin + Duration.FromSeconds(index), GrantText.Origin + Duration.FromSeconds(index + 1));

    private static GrantAccount Of(BurnDownResult result, string grantId) => result.Accounts.Single(account => account.GrantId == grantId);

    private static void Move(Dictionary<string, decimal> balances, IEnumerable<GrantMovement> movements)
    {
        foreach (var movement in movements)
        {
            var adds = movement.Kind is GrantMovementKind.Granted or GrantMovementKind.RaisedAtReset;
            balances[movement.GrantId] = balances.GetValueOrDefault(movement.GrantId) + (adds ? movement.Amount : -movement.Amount);
        }
    }

    private static string Text(BurnDownResult result) => string.Join('\n', [
        .. result.Segments.Select(segment => $"{segment.Period} {segment.Usage} {segment.OverageAtEnd} {string.Join(' ', segment.Grants)}"),
        .. result.Movements.Select(movement => movement.ToString()),
        .. result.Accounts.Select(account => account.ToString()),
        $"{result.Snapshot} {string.Join(' ', result.Snapshot.Balances)}",
    ]);
}
