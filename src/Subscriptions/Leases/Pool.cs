using NodaTime;

namespace Metering.Subscriptions.Leases;

/// <summary>The units of one metered entitlement in one of its periods, while a transaction holds its lock.</summary>
/// <param name="periodStart">Of the usage period.</param>
/// <param name="periodEnd">Of the burn phase: what is granted may be spent until grants end, begin or recur, or usage is reset.</param>
/// <param name="hard">Whether nothing beyond the limit is granted.</param>
/// <param name="allowed">What the entitlement's balance gives.</param>
internal sealed class Pool(
    Guid id, Guid entitlementId, Instant periodStart, Instant periodEnd, bool hard, long allowed, long settled, long held, long metered, bool closed)
{
    public Guid Id => id;

    public Guid EntitlementId => entitlementId;

    public Instant PeriodStart => periodStart;

    public Instant PeriodEnd => periodEnd;

    public bool Hard => hard;

    public long Allowed => allowed;

    /// <summary>A level, not an amount: leases say that there is room now, and take nothing of it.</summary>
    public bool IsGauge { get; init; }

    /// <summary>Of money: what it shares with other pools of the same account; null where nothing is shared.</summary>
    public SharedCredit? Shared { get; set; }

    /// <summary>What sidecars have reported as spent.</summary>
    public long Settled
    {
        get;
        set
        {
            Shared?.Take(value - field);
            field = value;
        }
    }
    = settled;

    /// <summary>What leases may still spend.</summary>
    public long Held
    {
        get;
        set
        {
            Shared?.Take(value - field);
            field = value;
        }
    }
    = held;

    /// <summary>What events have recorded, whether a sidecar let them through or nobody was asked.</summary>
    public long Metered { get; set; } = metered;

    /// <summary>Whether the period is over and nothing is granted any more.</summary>
    public bool Closed => closed;

    /// <summary>
    /// What has been used. The same unit shows up twice, first in a report and a little later as an event, so the larger count is the usage
    /// and the sum would count it twice.
    /// </summary>
    public long Used => IsGauge ? Metered : Math.Max(Settled, Metered);

    /// <summary>What nobody has used and no lease holds; below zero when more was used or is out than is allowed.</summary>
    public long Free => Shared?.Free ?? allowed - Used - (IsGauge ? 0 : Held);
}
