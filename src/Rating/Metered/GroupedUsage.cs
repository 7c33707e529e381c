using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Usage split by the values of dimensions, such as <c>model</c> and <c>token_type</c>; for dimensional prices.</summary>
/// <remarks>The order in which groups are given does not matter: they are kept in the ordinal order of their values.</remarks>
public sealed class GroupedUsage
{
    /// <summary>Groups of usage by dimensions.</summary>
    /// <exception cref="ArgumentException">A group has another number of values than there are dimensions, or two groups have equal
    /// values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The sum of the groups is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public GroupedUsage(ImmutableArray<string> dimensions, ImmutableArray<UsageGroup> groups)
    {
        foreach (var group in groups)
        {
            if (group.Values.Length != dimensions.Length)
            {
                throw new ArgumentException(
                    $"A group has {group.Values.Length} values and there are {dimensions.Length} dimensions.", nameof(groups));
            }
        }

        Dimensions = dimensions;
        Groups = groups.Sort((left, right) => Compare(left.Values, right.Values));
        for (var i = 1; i < Groups.Length; i++)
        {
            if (Compare(Groups[i - 1].Values, Groups[i].Values) == 0)
            {
                throw new ArgumentException($"Two groups have the values {string.Join(", ", Groups[i].Values)}.", nameof(groups));
            }
        }

        Total = new Usage(groups.Sum(group => group.Usage.Prior), groups.Sum(group => group.Usage.Cumulative));
    }

    /// <summary>No groups.</summary>
    public static GroupedUsage None { get; } = new([], []);

    /// <summary>The names of the dimensions, in the order of the groups' values.</summary>
    public ImmutableArray<string> Dimensions { get; }

    /// <summary>In the ordinal order of their values; no two have equal values.</summary>
    public ImmutableArray<UsageGroup> Groups { get; }

    /// <summary>The sum over the groups.</summary>
    public Usage Total { get; }

    /// <summary>The same usage by the named dimensions only, in that order: groups that differ in another dimension become one.</summary>
    /// <exception cref="ArgumentException">The usage is not split by one of the dimensions.</exception>
    public GroupedUsage By(ImmutableArray<string> dimensions)
    {
        if (Groups.IsEmpty || dimensions.SequenceEqual(Dimensions))
        {
            return this;
        }

        var places = dimensions.Select(name => Dimensions.IndexOf(name)).ToArray();
        if (places.Contains(-1))
        {
            throw new ArgumentException(
                $"The usage is split by {string.Join(", ", Dimensions)} and the price by {string.Join(", ", dimensions)}.", nameof(dimensions));
        }

        var merged = Groups
            .Select(group => (Values: places.Select(place => group.Values[place]).ToImmutableArray(), group.Usage))
            .GroupBy(group => GroupName.ReferenceOf(dimensions, group.Values!), StringComparer.Ordinal)
            .Select(same => new UsageGroup(
                same.First().Values, new Usage(same.Sum(group => group.Usage.Prior), same.Sum(group => group.Usage.Cumulative))));
        return new GroupedUsage(dimensions, [.. merged]);
    }

    private static int Compare(ImmutableArray<string> left, ImmutableArray<string> right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            var order = string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
