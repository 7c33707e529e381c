using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Ingest.Meters;

/// <summary>The meters there are.</summary>
public sealed class MeterCatalog(MeteringDatabase database)
{
    /// <summary>By 26-character id or by slug; null when there is none.</summary>
    public Task<Meter?> FindAsync(string idOrSlug, CancellationToken cancellationToken) => throw new NotImplementedException($"{database}");

    public Task<ImmutableArray<Meter>> ListAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
