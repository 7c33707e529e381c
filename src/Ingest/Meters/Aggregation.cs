namespace Metering.Ingest.Meters;

/// <summary>How a meter turns the values of many events into one.</summary>
public enum Aggregation
{
    Sum,
    Count,
    UniqueCount,
    Max,
    Min,
    Average,
    Latest,

    /// <summary>Of a level: each value times the hours for which it was the latest, from <see cref="Usage.LevelIntegral"/>.</summary>
    WeightedSum,
}
