using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>In order of precedence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SettlementOutcome>))]
public enum SettlementOutcome
{
    /// <summary>Settled so long after the check that the events have spoken.</summary>
    TooLate,

    /// <summary>There is no such pool, or none from which leases take.</summary>
    Unknown,

    /// <summary>The first settlement stands.</summary>
    AlreadySettled,

    /// <summary>What was not used is free again.</summary>
    Recorded,
}
