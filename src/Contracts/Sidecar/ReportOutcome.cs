using System.Text.Json.Serialization;

namespace Metering.Contracts.Sidecar;

/// <summary>In order of precedence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportOutcome>))]
public enum ReportOutcome
{
    /// <summary>No such lease of this sidecar.</summary>
    Unknown,

    /// <summary>The lease was closed before with the same total.</summary>
    AlreadyClosed,

    /// <summary>The total is above what was granted or below what was reported before; nothing changed.</summary>
    OutOfRange,

    /// <summary>Recorded.</summary>
    Recorded,
}
