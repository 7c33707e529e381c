using NodaTime;

namespace Metering.Rating;

/// <summary>A reset that someone asked for, beside those that the calendar makes.</summary>
/// <remarks>The instant is cut down to its microsecond.</remarks>
public sealed record ManualReset
{
    /// <summary>A reset at an instant.</summary>
    public ManualReset(Instant at, bool retainsAnchor, OverageAtReset overage)
    {
        At = at.ToMicroseconds();
        RetainsAnchor = retainsAnchor;
        Overage = overage;
    }

    /// <summary>The first instant of the new usage period.</summary>
    public Instant At { get; }

    /// <summary>Whether later periods end where they would have ended anyway; if not, they are counted from this reset.</summary>
    public bool RetainsAnchor { get; }

    /// <summary>What becomes of the overage.</summary>
    public OverageAtReset Overage { get; }
}
