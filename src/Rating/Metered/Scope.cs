using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What charges of a price within a price are called: what their references and names begin with, and the group they are about.</summary>
internal sealed record Scope(string Reference, string Name, string? Group)
{
    /// <summary>The charges of a combination of dimension values; null stands for any value.</summary>
    public static Scope Of(ImmutableArray<string> dimensions, ImmutableArray<string?> values)
    {
        var group = GroupName.Of(dimensions, values);
        return new Scope($"{GroupName.ReferenceOf(dimensions, values)}/", $"{group}: ", group);
    }

    /// <summary>A scope within this one, about the same group.</summary>
    public Scope Inner(Scope inner) => new(Reference + inner.Reference, Name + inner.Name, Group);
}
