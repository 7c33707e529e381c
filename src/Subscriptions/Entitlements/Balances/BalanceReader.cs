using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>Computes balances: grants and resets from rows, usage from the meter, from the newest state that is known.</summary>
internal sealed class BalanceReader(PhaseUsage phaseUsage, BalanceSnapshots snapshots)
{
    private static readonly Duration Tick = Duration.FromNanoseconds(1_000);

    /// <summary>
    /// Now. What sidecars have settled counts before its events arrive, and events that are dated later in the running burn phase count
    /// already, as they do against the limit.
    /// </summary>
    public async Task<EntitlementBalance> NowAsync(
        DbSession session, EntitlementRow entitlement, Instant now, CancellationToken cancellationToken)
    {
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        var period = account.Periods.PeriodAt(now);
        var segment = account.SegmentAt(now);
        if (entitlement.IsGauge)
        {
            return await GaugeAsync(account, now, period.End, cancellationToken);
        }

        await KeepSegmentStartAsync(session, account, segment.Start, now, cancellationToken);
        var unrecorded = await UnrecordedUsage.OfAsync(session, entitlement.Id, cancellationToken);
        var before = unrecorded.Where(usage => account.CarriesOverResets && usage.PeriodEnd <= period.Start).ToList();
        var result = await RunAsync(session, account, now + Tick, segment.End, before, cancellationToken);
        var state = result.Snapshot;
        var current = unrecorded.FirstOrDefault(usage => usage.PeriodStart <= now && now < usage.PeriodEnd);
        if (current?.Settled > state.PeriodUsage)
        {
            var missing = new UsageSegment(new ServicePeriod(now, now + Tick), current.Settled - state.PeriodUsage);
            result = await RunAsync(session, account, now + Tick, segment.End, before, cancellationToken, missing);
            state = result.Snapshot;
        }

        return EntitlementBalance.Of(state, period);
    }

    /// <summary>At an instant of the past or the future, by what events have told of the time before it.</summary>
    public async Task<EntitlementBalance> AtAsync(
        DbSession session, EntitlementRow entitlement, Instant at, CancellationToken cancellationToken)
    {
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        var instant = Instant.Max(at, account.Periods.MeasuredFrom);
        return entitlement.IsGauge
            ? await GaugeAsync(account, instant, instant, cancellationToken)
            : EntitlementBalance.Of(
                (await RunAsync(session, account, instant, instant, [], cancellationToken)).Snapshot, account.Periods.PeriodAt(instant));
    }

    /// <summary>
    /// What a pool may give out now. Usage within the burn phase takes from the balance as much as it adds to what was used, so their sum
    /// stays as it was when the phase began, and its usage need not be known.
    /// </summary>
    public async Task<PoolOpeningBalance> OpeningAsync(
        DbSession session, EntitlementRow entitlement, Instant now, CancellationToken cancellationToken)
    {
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        var segment = account.SegmentAt(now);
        if (entitlement.IsGauge)
        {
            return new PoolOpeningBalance(WholeUnits(GaugeLimit.At(account.Grants, now, 0m).Limit), segment);
        }

        var periodStart = account.Periods.PeriodAt(now).Start;
        IReadOnlyList<UnrecordedUsage> before = account.CarriesOverResets
            ? [.. (await UnrecordedUsage.OfAsync(session, entitlement.Id, cancellationToken)).Where(usage => usage.PeriodEnd <= periodStart)]
            : [];
        var result = await RunAsync(session, account, segment.Start, segment.Start, before, cancellationToken);
        var state = result.Snapshot;
        return new PoolOpeningBalance(WholeUnits(state.PeriodUsage + state.Balance - state.Overage), segment);
    }

    /// <summary>The whole course from one instant to another, in burn phases.</summary>
    public async Task<BurnDownResult> CourseAsync(
        DbSession session, BalanceAccount account, Instant from, Instant to, CancellationToken cancellationToken)
    {
        var opening = (await RunAsync(session, account, from, from, [], cancellationToken)).Snapshot;
        var input = account.InputTo(to, opening);
        var phases = BurnDown.PhasesOf(input);
        var used = await phaseUsage.OfAsync(account.Entitlement.Meter, account.Subjects, phases, to, cancellationToken);
        return BurnDown.Run(input with { Usage = used });
    }

    /// <summary>What the meter of a gauge shows in a usage period.</summary>
    public async Task<decimal> LevelWithinAsync(
        DbSession session, EntitlementRow entitlement, Instant from, Instant to, CancellationToken cancellationToken)
    {
        var account = await BalanceAccount.LoadAsync(session, entitlement, cancellationToken);
        return await LevelAsync(account, from, to, cancellationToken);
    }

    /// <summary>A part of a unit is not enough for one; more than a pool can count is as much as it can.</summary>
    private static long WholeUnits(decimal units) => (long)decimal.Floor(decimal.Clamp(units, 0m, PhaseUsage.MaxUsage));

    private async Task<BurnDownResult> RunAsync(
        DbSession session, BalanceAccount account, Instant until, Instant openTo,
        IReadOnlyList<UnrecordedUsage> unrecorded, CancellationToken cancellationToken, params ImmutableArray<UsageSegment> more)
    {
        var extra = unrecorded.Where(usage => usage.Quantity > 0m && usage.PeriodEnd > account.Periods.MeasuredFrom).ToList();
        var notAfter = extra.Select(usage => usage.PeriodEnd - Tick).Append(until).Min();
        var snapshot = await BalanceSnapshots.LatestAsync(session, account.Entitlement.Id, notAfter, cancellationToken)
            ?? await HandedOverAsync(session, account, cancellationToken);
        var input = account.InputTo(until, snapshot);
        var phases = BurnDown.PhasesOf(input);
        var used = await phaseUsage.OfAsync(account.Entitlement.Meter, account.Subjects, phases, openTo, cancellationToken);
        var counted = extra.Select(usage => new UsageSegment(new ServicePeriod(usage.PeriodEnd - Tick, usage.PeriodEnd), usage.Quantity));
        return BurnDown.Run(input with { Usage = [.. used, .. counted, .. more] });
    }

    /// <summary>
    /// Where a balance begins that goes on with top-ups: its own grants are whole, and of the others there is what the entitlement before has
    /// left, rolled over as at a reset. What sidecars let through there and no event has told counts as used.
    /// </summary>
    private async Task<GrantSnapshot?> HandedOverAsync(DbSession session, BalanceAccount account, CancellationToken cancellationToken)
    {
        if (account.Before is not { } before)
        {
            return null;
        }

        var at = account.Periods.MeasuredFrom;
        var unrecorded = (await UnrecordedUsage.OfAsync(session, before.Entitlement.Id, cancellationToken))
            .Where(usage => usage.PeriodStart < at)
            .Select(usage => usage with { PeriodEnd = Instant.Min(usage.PeriodEnd, at) });
        var left = (await RunAsync(session, before, at, at, [.. unrecorded], cancellationToken)).Snapshot.Balances
            .ToDictionary(grant => grant.GrantId, grant => grant.Balance, StringComparer.Ordinal);
        return new GrantSnapshot
        {
            At = at,
            PeriodStart = at,
            Balances =
            [
                .. account.Grants.Where(grant => grant.IsInForceAt(at)).Select(grant =>
                    new GrantBalance(grant.Id, left.TryGetValue(grant.Id, out var balance) ? grant.RollOver(balance) : grant.Amount)),
            ],
        };
    }

    /// <summary>Keeps the state at the beginning of the burn phase, so that the next reading asks for the usage of this phase only.</summary>
    private async Task KeepSegmentStartAsync(
        DbSession session, BalanceAccount account, Instant start, Instant now, CancellationToken cancellationToken)
    {
        var id = account.Entitlement.Id;
        if (start <= account.Periods.MeasuredFrom
            || (await BalanceSnapshots.LatestAsync(session, id, start, cancellationToken))?.At == start
            || await snapshots.IntendAsync(id, start, now, cancellationToken) is not { } intention)
        {
            return;
        }

        // What was loaded before the intention may be from before a change; it is loaded again.
        var fresh = await BalanceAccount.LoadAsync(session, account.Entitlement, cancellationToken);
        var state = (await RunAsync(session, fresh, start, start, [], cancellationToken)).Snapshot;
        await snapshots.KeepAsync(intention, id, state, cancellationToken);
    }

    private async Task<EntitlementBalance> GaugeAsync(BalanceAccount account, Instant at, Instant to, CancellationToken cancellationToken)
    {
        var reading = await LevelAsync(account, account.Periods.LastResetAt(at), to, cancellationToken);
        return EntitlementBalance.Of(GaugeLimit.At(account.Grants, at, reading), account, at, account.Periods.PeriodAt(at));
    }

    /// <summary>The last value holds until there is another; the other levels are those of the usage period.</summary>
    private Task<decimal> LevelAsync(BalanceAccount account, Instant periodStart, Instant to, CancellationToken cancellationToken) =>
        phaseUsage.LevelAsync(
            account.Entitlement.Meter, account.Subjects,
            account.Entitlement.Aggregation == "Latest" ? account.Periods.MeasuredFrom : periodStart, to, cancellationToken);
}
