using System.Collections.Immutable;
using System.Numerics;
using Metering.Ingest.Meters;
using Metering.Ingest.Rollups;
using Metering.Ingest.Subjects;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Gathers what rollups and events say, by window, subject and dimension values, into the rows of an answer.</summary>
internal sealed class UsageGroups(UsageQuery query, Aggregation aggregation, ImmutableArray<Instant> boundaries)
{
    private static readonly Duration Hour = Duration.FromHours(1);

    private readonly Dictionary<GroupKey, Group> groups = [];
    private readonly ImmutableArray<string> dimensions =
        [.. query.GroupBy.Where(name => name is not (UsageReader.SubjectDimension or UsageReader.CustomerDimension))];

    private readonly bool bySubject = query.GroupBy.Contains(UsageReader.SubjectDimension);
    private readonly bool byCustomer = query.GroupBy.Contains(UsageReader.CustomerDimension);
    private Instant earliestHour = Instant.MaxValue;
    private Instant latestHour = Instant.MinValue;

    public int Count => groups.Count;

    /// <summary>The dimensions grouped by, in the order in which values are passed to <see cref="Of"/>.</summary>
    public ImmutableArray<string> Dimensions => dimensions;

    /// <summary>Whether what is added has to name its subject: customers are found by it.</summary>
    public bool BySubject => bySubject || byCustomer;

    public bool ByCustomer => byCustomer;

    public IReadOnlyCollection<string> Subjects => [.. groups.Keys.Select(key => key.Subject).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The window of an instant; 0 when there are no windows.</summary>
    public int WindowOf(Instant instant)
    {
        if (boundaries.IsEmpty)
        {
            return 0;
        }

        var found = boundaries.BinarySearch(instant);
        return found >= 0 ? found : ~found - 1;
    }

    public Group Of(int window, string? subject, string?[] values, Instant firstHour, Instant lastHour)
    {
        earliestHour = Instant.Min(earliestHour, firstHour);
        latestHour = Instant.Max(latestHour, lastHour);
        return Of(new GroupKey(window, null, BySubject ? subject : null, new DimensionValues(values)));
    }

    /// <summary>When grouped by customer: puts together what belongs to one. A subject without an owner stays nobody's.</summary>
    public void AttributeTo(IEnumerable<SubjectOwner> owners)
    {
        var customers = owners.ToDictionary(owner => owner.Subject, owner => owner.CustomerId, StringComparer.Ordinal);
        var bySubjects = groups.ToArray();
        groups.Clear();
        foreach (var (key, group) in bySubjects)
        {
            Guid? customer = customers.TryGetValue(key.Subject!, out var id) ? id : null;
            Of(key with { Customer = customer, Subject = bySubject ? key.Subject : null }).Merge(group);
        }
    }

    public ImmutableArray<UsageRow> ToRows() =>
    [
        .. groups
            .Select(group => (group.Key, Row: RowOf(group.Key, group.Value)))
            .OrderBy(item => item.Row.Start)
            .ThenBy(item => item.Row.CustomerId)
            .ThenBy(item => item.Row.Subject, StringComparer.Ordinal)
            .ThenBy(item => item.Key.Values)
            .Select(item => item.Row),
    ];

    private UsageRow RowOf(GroupKey key, Group group)
    {
        var (start, end) = boundaries.IsEmpty
            ? (query.From ?? earliestHour, query.To ?? latestHour + Hour)
            : (boundaries[key.Window], boundaries[key.Window + 1]);
        var values = dimensions.Select((name, index) => KeyValuePair.Create(name, key.Values.Of(index)));
        return new UsageRow(
            group.ValueOf(aggregation), start, end, key.Subject, values.ToImmutableSortedDictionary(StringComparer.Ordinal))
        {
            CustomerId = key.Customer,
        };
    }

    private Group Of(GroupKey key)
    {
        if (!groups.TryGetValue(key, out var group))
        {
            group = new Group();
            groups.Add(key, group);
        }

        return group;
    }

    /// <summary>What has been gathered for one row.</summary>
    internal sealed class Group
    {
        private const int AverageDecimals = 12;

        private BigInteger weighted;

        public UsageParts Parts { get; } = new();

        public HashSet<Guid> DistinctKeys { get; } = [];

        /// <summary>Adds what a level comes to, in the unit of <see cref="LevelIntegral"/>.</summary>
        public void Weigh(BigInteger part) => weighted += part;

        public void Merge(Group other)
        {
            var parts = other.Parts;
            Parts.Merge(parts.Count, parts.Sum, parts.Min, parts.Max, parts.Latest, parts.LatestAt, parts.LatestKey);
            DistinctKeys.UnionWith(other.DistinctKeys);
            weighted += other.weighted;
        }

        public decimal ValueOf(Aggregation aggregation) => WithoutTrailingZeros(aggregation switch
        {
            Aggregation.Sum => Parts.Sum,
            Aggregation.Count => Parts.Count,
            Aggregation.UniqueCount => DistinctKeys.Count,
            Aggregation.Max => Parts.Max,
            Aggregation.Min => Parts.Min,
            Aggregation.Average => decimal.Round(Parts.Sum / Parts.Count, AverageDecimals, MidpointRounding.AwayFromZero),
            Aggregation.Latest => Parts.Latest,
            Aggregation.WeightedSum => LevelIntegral.ToHours(weighted),
        });

        private static decimal WithoutTrailingZeros(decimal value) => value / 1.0000000000000000000000000000m;
    }

    private readonly record struct GroupKey(int Window, Guid? Customer, string? Subject, DimensionValues Values);
}
