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
}
