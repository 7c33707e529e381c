using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary>What one process of a sidecar may have of a limit, while a transaction holds the limit's lock.</summary>
/// <param name="sidecarId">Stable over restarts.</param>
/// <param name="start">Which process of it.</param>
/// <param name="expiredForMicroseconds">Below 0 while the share is good; by the real clock.</param>
internal sealed class ShareHolding(string sidecarId, long start, long expiredForMicroseconds)
{
    public string SidecarId => sidecarId;

    public long Start => start;

    public long Sequence { get; private set; }

    public long Parts { get; private set; }

    public long Demand { get; private set; }

    public long Wants { get; private set; }

    /// <summary>A bucket of it is full by then if nothing was let through.</summary>
    public Instant FullAt { get; private set; }

    public long RefillMicroseconds { get; private set; }

    public long LingersMilliseconds { get; private set; }

    /// <summary>Nothing more is let through.</summary>
    public bool IsExpired => ExpiredForMicroseconds >= 0;

    /// <summary>What was let through before is over too.</summary>
    public bool IsOver => IsExpired && ExpiredForMicroseconds >= LingersMilliseconds * 1_000;

    public long ExpiredForMicroseconds { get; private set; } = expiredForMicroseconds;

    /// <summary>It was asked for again: it expires anew from now on.</summary>
    public bool IsRenewed { get; private set; }

    /// <summary>Its process is gone; it expires now.</summary>
    public bool IsEnded { get; private set; }

    public bool IsChanged => IsRenewed || IsEnded;

    public static ShareHolding Read(
        string sidecarId, long start, long sequence, long parts, long demand, long wants, Instant fullAt, long refillMicroseconds,
        long lingersMilliseconds, long expiredForMicroseconds) => new(sidecarId, start, expiredForMicroseconds)
        {
            Sequence = sequence,
            Parts = parts,
            Demand = demand,
            Wants = wants,
            FullAt = fullAt,
            RefillMicroseconds = refillMicroseconds,
            LingersMilliseconds = lingersMilliseconds,
        };

    public void Renew(ShareRequest request, long parts, Instant fullAt)
    {
        (Sequence, Parts, Demand, Wants) = (request.Sequence, parts, request.Demand, request.Wants);
        (RefillMicroseconds, LingersMilliseconds) = (request.RefillMicroseconds, request.LingersMilliseconds);
        FullAt = fullAt;
        ExpiredForMicroseconds = -1;
        IsRenewed = true;
    }

    /// <summary>A later process of the same sidecar has spoken.</summary>
    public void End()
    {
        if (!IsExpired)
        {
            ExpiredForMicroseconds = 0;
            IsEnded = true;
        }
    }
}
