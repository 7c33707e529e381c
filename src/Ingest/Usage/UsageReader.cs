using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Ingest.Usage;

/// <summary>Answers usage queries.</summary>
public sealed class UsageReader(MeteringDatabase database)
{
    public Task<ImmutableArray<UsageRow>> ReadAsync(UsageQuery query, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{database}");

    /// <summary>A watermark that no batch still being written can slip under: reading with it again gives the same answer for ever.</summary>
    public Task<Watermark> CurrentWatermarkAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
