using System.Collections.Immutable;

namespace Metering.Ingest.Meters;

/// <summary>What one event is worth to one meter. Closed: counted, ignored, or invalid with the reason.</summary>
internal abstract record MeterReading
{
    private MeterReading()
    {
    }

    /// <summary>The meter starts later than the event.</summary>
    public sealed record Ignored : MeterReading
    {
        public static readonly Ignored Instance = new();
    }

    /// <summary>The value is missing or is not what the aggregation needs. The reason is a sentence.</summary>
    public sealed record Invalid(string Reason) : MeterReading
    {
        /// <summary>JSON pointer into the event's data; empty where no single field is to blame.</summary>
        public string Field { get; init; } = "";
    }

    /// <param name="Value">Zero where the aggregation needs no number.</param>
    /// <param name="DistinctKey">The hash of the text that a unique count counts; null for other aggregations.</param>
    /// <param name="Dimensions">In the order of the meter's dimension names; null where the event has no such property.</param>
    public sealed record Counted(decimal Value, Guid? DistinctKey, ImmutableArray<string?> Dimensions) : MeterReading;
}
