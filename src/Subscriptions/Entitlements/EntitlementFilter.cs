using Metering.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Which entitlements are asked for.</summary>
internal sealed class EntitlementFilter
{
    private const int MaxValues = 1_000;

    [FromQuery(Name = "feature")]
    public string[]? Feature { get; init; }

    [FromQuery(Name = "customerKeys")]
    public string[]? CustomerKeys { get; init; }

    [FromQuery(Name = "customerIds")]
    public string[]? CustomerIds { get; init; }

    [FromQuery(Name = "subject")]
    public string[]? Subject { get; init; }

    [FromQuery(Name = "entitlementType")]
    public string[]? EntitlementType { get; init; }

    [FromQuery(Name = "excludeInactive")]
    public bool? ExcludeInactive { get; init; }

    /// <returns>What is wrong with it; null when nothing is.</returns>
    public FieldError? Check() =>
        new[] { Feature, CustomerKeys, CustomerIds, Subject, EntitlementType }.Any(values => values?.Length > MaxValues)
            ? new FieldError("?feature", "too_many", $"A filter has at most {MaxValues} values.")
        : EntitlementType?.Any(type => type is not ("metered" or "boolean" or "static")) == true
            ? new FieldError("?entitlementType", "unknown_entitlement_type", "An entitlement is boolean, static or metered.")
        : null;
}
