using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>The usage periods of a metered entitlement: its calendar, cut and replaced at its turns.</summary>
/// <remarks>
/// <code>
/// monthly from 1 Jan                         [1 Jan          )[1 Feb         )[1 Mar
/// reset on 10 Jan, anchor retained           [1 Jan )[10 Jan )[1 Feb         )[1 Mar
/// reset on 10 Jan, anchor moved              [1 Jan )[10 Jan         )[10 Feb        )
/// daily in UTC, moved to UTC-5 on 15 Jan     [15 Jan 00:00Z )[16 Jan 00:00Z )[16 Jan 05:00Z )[17 Jan 05:00Z
/// </code>
/// </remarks>
internal sealed class EntitlementPeriods
{
    private readonly ImmutableArray<EntitlementTurn> turns;
    private readonly Cadence cadence;
    private readonly BillingCalendar first;
    private readonly OverageAtReset overage;

    public EntitlementPeriods(EntitlementRow entitlement, IEnumerable<EntitlementTurn> turns)
    {
        this.turns = [.. turns.OrderBy(turn => turn.At)];
        cadence = Cadence.Parse(entitlement.UsagePeriod!);
        first = new BillingCalendar(cadence, entitlement.Anchor!.Value, DateTimeZoneProviders.Tzdb[entitlement.TimeZone]);
        MeasuredFrom = entitlement.MeasuredFrom;
        overage = entitlement.PreserveOverage ? OverageAtReset.Preserved : OverageAtReset.Forgiven;
    }

    public Instant MeasuredFrom { get; }

    public bool EverPreservesOverage => overage == OverageAtReset.Preserved || turns.Any(turn => turn.PreserveOverage);

    /// <summary>Whether somebody moved the anchor to a reset, so that periods follow nobody else's calendar any more.</summary>
    public bool HasMovedAnchorAt(Instant instant) => turns.Any(turn => turn.At <= instant && turn.IsReset && turn.Anchor == turn.At);

    /// <summary>The calendar in force at an instant.</summary>
    public BillingCalendar CalendarAt(Instant instant) => turns.LastOrDefault(turn => turn.At <= instant) is { } turn
        ? new BillingCalendar(cadence, turn.Anchor, DateTimeZoneProviders.Tzdb[turn.TimeZone])
        : first;

    /// <summary>The usage period at an instant. The first one may begin before measurement does; one on a boundary belongs to the later.</summary>
    public ServicePeriod PeriodAt(Instant instant)
    {
        var period = CalendarAt(instant).PeriodContaining(instant);
        var last = turns.LastOrDefault(turn => turn.At <= instant);
        var next = turns.FirstOrDefault(turn => turn.At > instant);
        return new ServicePeriod(
            last is not null && last.At > period.Start ? last.At : period.Start,
            next is not null && next.At < period.End ? next.At : period.End);
    }

    /// <summary>When usage last began to count, as of an instant: the last reset, or the beginning of the measurement.</summary>
    public Instant LastResetAt(Instant instant) => Instant.Max(MeasuredFrom, PeriodAt(Instant.Max(instant, MeasuredFrom)).Start);

    /// <summary>All resets after one instant, up to and including those at the other, in order.</summary>
    public ImmutableArray<GrantReset> ResetsBetween(Instant after, Instant until)
    {
        var resets = ImmutableArray.CreateBuilder<GrantReset>();
        for (var at = PeriodAt(Instant.Max(after, MeasuredFrom)).End; at <= until; at = PeriodAt(at).End)
        {
            var asked = turns.FirstOrDefault(turn => turn.At == at && turn.IsReset);
            var kept = asked is null ? overage : asked.PreserveOverage ? OverageAtReset.Preserved : OverageAtReset.Forgiven;
            resets.Add(new GrantReset(at, kept));
        }

        return resets.DrainToImmutable();
    }

    /// <summary>Why usage cannot be reset at an instant as of now; null when it can.</summary>
    public ResetRefusal? Refuses(Instant at, Instant now)
    {
        var current = PeriodAt(now).Start;
        return at switch
        {
            _ when at > now => ResetRefusal.InTheFuture,
            _ when at < MeasuredFrom => ResetRefusal.BeforeMeasurement,
            _ when at < current => ResetRefusal.BeforeCurrentPeriod,
            _ when at == current || at == MeasuredFrom => ResetRefusal.AtLastReset,
            _ => null,
        };
    }
}
