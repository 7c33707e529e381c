using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>Whether a customer's keys are honoured.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CustomerStatus>))]
public enum CustomerStatus
{
    /// <summary>Keys work.</summary>
    Active,

    /// <summary>Keys are known, every request is denied with 403.</summary>
    Suspended,

    /// <summary>Keys are unknown: 401.</summary>
    Removed,
}
