namespace Metering.EnforcementSidecar.Spooling;

/// <summary>What an answer of Host means for a batch of events.</summary>
internal enum ShipmentVerdict
{
    /// <summary>Host has them.</summary>
    Accepted,

    /// <summary>Not the events' fault: the same batch again, later.</summary>
    TryAgain,

    /// <summary>At least one event is the reason; alone it is parked.</summary>
    Refused,
}
