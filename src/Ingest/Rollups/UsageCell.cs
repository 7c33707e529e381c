using Metering.Ingest.Meters;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>What some events add to one meter, subject, hour and combination of dimension values.</summary>
/// <param name="Cell">Stands for the dimensions and the distinct key in the rollup's primary key.</param>
internal sealed record UsageCell(CompiledMeter Meter, string Subject, Instant Hour, Guid Cell, string Dimensions, Guid? DistinctKey)
{
    public UsageParts Parts { get; } = new();

    public Instant Earliest { get; private set; } = Instant.MaxValue;

    public void Add(decimal value, Instant at, Guid key)
    {
        Parts.Add(value, at, key);
        Earliest = Instant.Min(Earliest, at);
    }
}
