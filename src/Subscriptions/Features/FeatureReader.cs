using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Features;

/// <summary>Tells other modules which meter counts the use of a feature.</summary>
public sealed class FeatureReader(MeteringDatabase database)
{
    /// <summary>By feature key: the slug of its meter, null for a feature without one. Archived and unknown features are not there.</summary>
    public async Task<ImmutableDictionary<string, string?>> MetersOfAsync(IEnumerable<string> featureKeys, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await FeatureRow.FindAllAsync(session, featureKeys, cancellationToken))
            .ToImmutableDictionary(feature => feature.Key, feature => feature.Value.MeterSlug, StringComparer.Ordinal);
    }
}
