using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>Bounds on what the event routes take.</summary>
public static class EventLimits
{
    public const int MaxBodyBytes = 4 << 20;

    public const int MaxEventsPerRequest = 10_000;

    public const int MaxIdLength = 1_024;

    public const int MaxSourceLength = 1_024;

    /// <summary>A subject and an event type are also index keys.</summary>
    public const int MaxSubjectLength = 256;

    public const int MaxTypeLength = 256;

    public const int MaxExtensions = 32;

    public const int MaxJsonDepth = 64;

    /// <summary>A time outside these years is a unit mix-up, not usage.</summary>
    public static readonly Instant EarliestTime = Instant.FromUtc(1970, 1, 1, 0, 0);

    public static readonly Instant LatestTime = Instant.FromUtc(2200, 1, 1, 0, 0);
}
