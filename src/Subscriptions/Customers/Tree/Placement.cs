using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>Under whom a customer stands, from when to when.</summary>
/// <param name="ParentId">Null: at the top.</param>
internal sealed record Placement(Guid CustomerId, Guid? ParentId, Instant EffectiveFrom, Instant? EffectiveTo, Instant PlacedAt)
{
    public const string Columns = """
        customer_id as customerId, parent_id as parentId, effective_from as effectiveFrom, effective_to as effectiveTo, placed_at as placedAt
        """;

    public PlacementView ToView() => new(
        PublicId.Format(CustomerId), ParentId is { } parent ? PublicId.Format(parent) : null, EffectiveFrom, EffectiveTo, PlacedAt);
}

/// <summary>A placement as the API shows it.</summary>
internal sealed record PlacementView(string CustomerId, string? ParentId, Instant EffectiveFrom, Instant? EffectiveTo, Instant PlacedAt);
