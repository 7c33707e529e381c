using NodaTime;

namespace Metering.Rating;

/// <summary>Something that changes which grants can be burnt, or how much they hold. One of grant and reset is set, as the kind says.</summary>
internal readonly record struct GrantEvent(Instant At, GrantEventKind Kind, Grant? Grant, GrantReset? Reset) : IComparable<GrantEvent>
{
    /// <summary>By instant, then kind, then burn order, so that the history does not depend on the order of the input.</summary>
    public int CompareTo(GrantEvent other)
    {
        var order = At.CompareTo(other.At);
        order = order != 0 ? order : Kind.CompareTo(other.Kind);
        return order != 0 || Grant is null ? order : BurnOrder.Instance.Compare(Grant, other.Grant);
    }
}
