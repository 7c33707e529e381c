using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>Who buys, as other modules see it.</summary>
/// <param name="SubjectKeys">The subjects whose usage is the customer's; never empty: without subject keys it is the key, or else the id.</param>
/// <param name="Currency">Null until something is bought.</param>
/// <param name="Zone">Where the customer's days and months begin.</param>
public sealed record CustomerAccount(
    Guid Id,
    string? Key,
    string Name,
    ImmutableArray<string> SubjectKeys,
    string? PrimaryEmail,
    Currency? Currency,
    PostalAddress? BillingAddress,
    DateTimeZone Zone);
