using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>A customer as the API shows it.</summary>
internal sealed record CustomerView(
    string Id,
    string? Key,
    string Name,
    string? Description,
    UsageAttribution UsageAttribution,
    string? PrimaryEmail,
    string? Currency,
    PostalAddress? BillingAddress,
    string TimeZone,
    ImmutableSortedDictionary<string, string>? Metadata,
    string? CurrentSubscriptionId,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt);
