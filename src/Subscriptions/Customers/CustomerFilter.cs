using System.Collections.Immutable;

namespace Metering.Subscriptions.Customers;

/// <summary>Which customers to list; what is null does not filter. Texts match anywhere, whatever their case.</summary>
/// <param name="Only">Nobody else, whatever the rest says.</param>
public sealed record CustomerFilter(
    ImmutableArray<Guid>? Only = null,
    ImmutableArray<Guid>? Except = null,
    ImmutableArray<Guid>? Ids = null,
    string? Key = null,
    string? Name = null,
    string? PrimaryEmail = null,
    CustomerOrder OrderBy = CustomerOrder.Id,
    bool Descending = false);
