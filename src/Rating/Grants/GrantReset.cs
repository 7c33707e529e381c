using NodaTime;

namespace Metering.Rating;

/// <summary>Usage begins to count from zero, every grant in force rolls over, and a new usage period begins.</summary>
/// <remarks>The instant is cut down to its microsecond and belongs to the new period: usage at exactly that instant counts in it.</remarks>
public sealed record GrantReset
{
    /// <summary>A reset at an instant.</summary>
    public GrantReset(Instant at, OverageAtReset overage)
    {
        At = at.ToMicroseconds();
        Overage = overage;
    }

    /// <summary>The first instant of the new usage period.</summary>
    public Instant At { get; }

    /// <summary>What becomes of the overage.</summary>
    public OverageAtReset Overage { get; }
}
