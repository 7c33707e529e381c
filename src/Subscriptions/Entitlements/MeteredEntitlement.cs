using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>A metered entitlement and what it is worth now, for other modules.</summary>
/// <param name="Subject">The subject that stands for the customer where only one can be named.</param>
/// <param name="PeriodStart">Of the usage period.</param>
/// <param name="Granted">What the usage period had to offer.</param>
/// <param name="Documents">The same as the API shows it.</param>
public sealed record MeteredEntitlement(
    Guid Id,
    Guid CustomerId,
    string Subject,
    Guid FeatureId,
    string FeatureKey,
    Instant PeriodStart,
    Instant PeriodEnd,
    decimal Balance,
    decimal Usage,
    decimal Granted,
    EntitlementDocuments Documents);

/// <summary>A metered entitlement, and when it next begins a usage period.</summary>
/// <param name="TurnsAt">When the running period ends; or, when <paramref name="Begins"/>, when the entitlement does.</param>
public sealed record FoundEntitlement(Guid Id, Instant CreatedAt, Instant TurnsAt, bool Begins);

/// <summary>What belongs to an entitlement, each as JSON in the API's shape.</summary>
public sealed record EntitlementDocuments(string Entitlement, string Feature, string Subject, string Customer, string Value);
