using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>What becomes of a reservation that nobody has settled when its time is over.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrphanPolicy>))]
public enum OrphanPolicy
{
    /// <summary>It is charged as a whole.</summary>
    ChargeReserved,

    /// <summary>The input is charged, as far as it was known; the rest comes back.</summary>
    ChargePrompt,

    /// <summary>All of it comes back.</summary>
    Refund,
}
