using System.Collections.Immutable;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>A customer as the API shows it: OpenMeter's shape, and beside it what we add.</summary>
/// <param name="Status">active or suspended: its own, whatever stands above it.</param>
/// <param name="Subscriptions">Only when asked for.</param>
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
    string Kind,
    string Level,
    string Status,
    Instant? SuspendedAt,
    string? SuspensionReason,
    string? CurrentSubscriptionId,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt,
    ImmutableArray<SubscriptionView>? Subscriptions = null);
