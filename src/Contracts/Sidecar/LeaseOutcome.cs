using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>In order of precedence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LeaseOutcome>))]
public enum LeaseOutcome
{
    /// <summary>No such metered entitlement, or it is not active now.</summary>
    Unknown,

    /// <summary>Less than what is needed is free in this period.</summary>
    Exhausted,

    /// <summary>Units are held for the sidecar.</summary>
    Granted,
}
