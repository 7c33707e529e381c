using System.Collections.Immutable;

namespace Metering.Ingest.Meters;

/// <summary>OpenMeter's names for the aggregations: on the wire and in the table.</summary>
internal static class AggregationCode
{
    public static readonly ImmutableSortedDictionary<string, Aggregation> ByCode =
        Enum.GetValues<Aggregation>().ToImmutableSortedDictionary(Of, aggregation => aggregation, StringComparer.Ordinal);

    public static string Of(Aggregation aggregation) => aggregation switch
    {
        Aggregation.Sum => "SUM",
        Aggregation.Count => "COUNT",
        Aggregation.UniqueCount => "UNIQUE_COUNT",
        Aggregation.Max => "MAX",
        Aggregation.Min => "MIN",
        Aggregation.Average => "AVG",
        Aggregation.Latest => "LATEST",
        Aggregation.WeightedSum => "WEIGHTED_SUM",
    };
}
