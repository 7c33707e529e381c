using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Customers.Tree;

/// <summary>A customer where it stands in the tree.</summary>
/// <param name="Depth">Steps from the customer that was asked about.</param>
/// <param name="EffectiveFrom">Since when it stands under its parent; null at the top, when it was never placed.</param>
internal sealed record TreeNode(
    Guid Id, string? Key, string Name, string Kind, string Level, bool Suspended, Guid? ParentId, int Depth, Instant? EffectiveFrom,
    Instant? EffectiveTo)
{
    /// <summary>Of <c>c</c>, a customer, and <c>n</c>, its place.</summary>
    public const string Columns = """
        c.id, c.key, c.name, c.kind, c.level, c.suspended_at is not null as suspended, n.parent_id as parentId, n.depth,
        n.effective_from as effectiveFrom, n.effective_to as effectiveTo
        """;

    public TreeNodeView ToView() => new(
        PublicId.Format(Id), Key, Name, Kind, Level, Suspended ? "suspended" : "active", ParentId is { } parent ? PublicId.Format(parent) : null,
        Depth, EffectiveFrom, EffectiveTo);
}

/// <summary>A node as the API shows it.</summary>
internal sealed record TreeNodeView(
    string Id, string? Key, string Name, string Kind, string Level, string Status, string? ParentId, int Depth, Instant? EffectiveFrom,
    Instant? EffectiveTo);
