using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>How much is reserved for a call of which only the end will tell what it used.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReservationMode>))]
public enum ReservationMode
{
    /// <summary>An upper bound. What has none is denied, unless a largest context is agreed.</summary>
    Strict,

    /// <summary>What such calls usually use. Calls that use more may pass the limit, by no more than is in flight.</summary>
    Estimate,
}
