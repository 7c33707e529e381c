using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>When usage begins to count anew: at every boundary of a calendar, and where someone reset it.</summary>
/// <remarks>
/// <code>
/// monthly from 1 Jan               [1 Jan             )[1 Feb           )[1 Mar
/// reset on 10 Jan, anchor retained [1 Jan )[10 Jan    )[1 Feb           )[1 Mar
/// reset on 10 Jan, anchor moved    [1 Jan )[10 Jan          )[10 Feb          )[10 Mar
/// </code>
/// A reset that falls on a boundary is one reset, and what was asked for decides about its overage.
/// </remarks>
public sealed class UsagePeriods
{
    private readonly OverageAtReset overage;
    private readonly ImmutableArray<ManualReset> manual;

    /// <summary>The usage periods of one balance.</summary>
    /// <param name="calendar">Where periods begin as long as nobody moves the anchor.</param>
    /// <param name="measuredFrom">Where measurement begins. Not itself a reset, even on a boundary: there is nothing to reset yet.</param>
    /// <param name="overage">What becomes of overage at the boundaries of the calendar.</param>
    /// <param name="manual">The resets that were asked for, in any order.</param>
    /// <exception cref="ArgumentException">Two resets are at one instant, or one is not after measurement began.</exception>
    public UsagePeriods(BillingCalendar calendar, Instant measuredFrom, OverageAtReset overage, ImmutableArray<ManualReset> manual)
    {
        ArgumentNullException.ThrowIfNull(calendar);
        Calendar = calendar;
        MeasuredFrom = measuredFrom.ToMicroseconds();
        this.overage = overage;
        this.manual = [.. manual.OrderBy(reset => reset.At)];
        var previous = MeasuredFrom;
        foreach (var at in this.manual.Select(reset => reset.At))
        {
            if (at <= previous)
            {
                throw new ArgumentException($"The reset at {at.ToText()} is not after {previous.ToText()}.", nameof(manual));
            }

            previous = at;
        }
    }

    /// <summary>Where periods begin as long as nobody moves the anchor.</summary>
    public BillingCalendar Calendar { get; }

    /// <summary>Where measurement begins.</summary>
    public Instant MeasuredFrom { get; }

    /// <summary>The usage period at an instant. The first one may begin before measurement does; one on a boundary belongs to the later.</summary>
    public ServicePeriod PeriodContaining(Instant instant)
    {
        var last = manual.LastOrDefault(reset => reset.At <= instant);
        var next = manual.FirstOrDefault(reset => reset.At > instant);
        var moved = manual.LastOrDefault(reset => reset.At <= instant && !reset.RetainsAnchor);
        var calendar = moved is null ? Calendar : new BillingCalendar(Calendar.Cadence, moved.At, Calendar.Zone);
        var period = calendar.PeriodContaining(instant);
        return new ServicePeriod(
            last is not null && last.At > period.Start ? last.At : period.Start,
            next is not null && next.At < period.End ? next.At : period.End);
    }

    /// <summary>All resets after measurement began, up to and including those at <paramref name="until"/>, in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more than <see cref="GrantBounds.EventsMax"/>.</exception>
    public ImmutableArray<GrantReset> ResetsUntil(Instant until)
    {
        var resets = ImmutableArray.CreateBuilder<GrantReset>();
        for (var at = PeriodContaining(MeasuredFrom).End; at <= until; at = PeriodContaining(at).End)
        {
            GrantBounds.CheckCount(resets.Count, GrantBounds.EventsMax, "Resets");
            var asked = manual.SingleOrDefault(reset => reset.At == at);
            resets.Add(new GrantReset(at, asked?.Overage ?? overage));
        }

        return resets.DrainToImmutable();
    }

    /// <summary>Why usage cannot be reset at an instant as of now; null when it can.</summary>
    public ResetRefusal? Refuses(Instant at, Instant now)
    {
        var (reset, current) = (at.ToMicroseconds(), PeriodContaining(now).Start);
        return reset switch
        {
            _ when reset > now => ResetRefusal.InTheFuture,
            _ when reset < MeasuredFrom => ResetRefusal.BeforeMeasurement,
            _ when reset < current => ResetRefusal.BeforeCurrentPeriod,
            _ when reset == current || reset == MeasuredFrom => ResetRefusal.AtLastReset,
            _ => null,
        };
    }
}
