using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>Generators of burn-downs on a grid of twelve-hour steps, coarse enough for everything to meet at the same instants.</summary>
internal static class GeneratedGrants
{
    public const int Steps = 40;

    public static Duration Step { get; } = Duration.FromHours(12);

    public static Gen<BurnDownInput> Input { get; } =
        from until in Gen.Choose(0, Steps)
        from grants in Grants
        from resetSteps in Gen.Choose(0, Steps).ListOf()
        from preserves in Gen.Choose(0, 1)
        from usage in UsageStep.ListOf()
        select new BurnDownInput
        {
            MeasuredFrom = GrantText.Origin,
            Until = At(until),
            Grants = grants,
            Resets = [.. resetSteps.Take(4).Distinct().Select(step => new GrantReset(At(step), (OverageAtReset)((step + preserves) % 2)))],
            Usage = [.. usage],
        };

    /// <summary>An input and an instant within its run, mostly on the grid and sometimes a microsecond beside it.</summary>
    public static Gen<(BurnDownInput Input, Instant Middle)> Split { get; } =
        from input in Input
        from step in Gen.Choose(0, Steps)
        from beside in Gen.Elements(0, 0, 1, 2)
        let middle = At(step) + Duration.FromNanoseconds(beside * 1000L)
        select (input, middle > input.Until ? input.Until : middle);

    public static Instant At(int step) => GrantText.Origin + (Step * step);

    private static Gen<decimal> Amount { get; } =
        from whole in Gen.Choose(0, 1000)
        from fraction in Gen.Elements(0m, 0m, 0.5m, 0.25m, 0.000000000001m)
        select whole + fraction;

    private static Gen<UsageSegment> UsageStep { get; } =
        from step in Gen.Choose(-2, Steps)
        from beside in Gen.Elements(0, 0, 1)
        from quantity in Gen.OneOf(Gen.Constant(0m), Amount)
        let at = At(step) + Duration.FromNanoseconds(beside * 1000L)
        select new UsageSegment(new ServicePeriod(at, at + Duration.FromNanoseconds(1000)), quantity);

    private static Gen<int?> SometimesAStep { get; } =
        Gen.OneOf(Gen.Constant<int?>(null), Gen.Choose(-2, Steps + 4).Select(step => (int?)step));

    private static Gen<BillingCalendar?> Recurrence { get; } = Gen.OneOf(
        Gen.Constant<BillingCalendar?>(null),
        from days in Gen.Choose(1, 5)
        from anchor in Gen.Choose(-8, 8)
        select (BillingCalendar?)new BillingCalendar(new Cadence(days, CadenceUnit.Day), At(anchor), DateTimeZone.Utc));

    private static Gen<Grant> Grant { get; } =
        from amount in Amount
        from priority in Gen.Choose(1, 3)
        from effective in Gen.Choose(-3, Steps)
        from expires in SometimesAStep
        from voided in Gen.Frequency((3, Gen.Constant<int?>(null)), (1, SometimesAStep))
        from recurrence in Recurrence
        from min in Gen.OneOf(Gen.Constant(0m), Amount)
        from max in Gen.OneOf(Gen.Constant(0m), Amount, Gen.Constant(1_000_000m))
        from created in Gen.Choose(-3, 0)
        select new Grant
        {
            Id = "",
            Amount = amount,
            Priority = priority,
            EffectiveAt = At(effective),
            ExpiresAt = expires is { } end ? At(end) : null,
            VoidedAt = voided is { } taken ? At(taken) : null,
            Recurrence = recurrence,
            MinRollover = min,
            MaxRollover = max,
            CreatedAt = At(created),
        };

    private static Gen<ImmutableArray<Grant>> Grants { get; } =
        from count in Gen.Choose(0, 6)
        from grants in Gen.ArrayOf(Grant, count)
        select grants.Select((grant, index) => grant with { Id = $"g{index + 1}" }).ToImmutableArray();
}
