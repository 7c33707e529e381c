using System.Text.Json.Serialization;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>Something to know about a draft before it is issued.</summary>
/// <param name="Field">Where, as a JSON path; null when it is the whole.</param>
public sealed record ValidationIssue(Guid Id, string Severity, string Code, string Component, string Message, string? Field, Instant CreatedAt)
{
    public const string Critical = "critical";
    public const string Warning = "warning";

    [JsonIgnore]
    public bool IsCritical => Severity == Critical;
}
