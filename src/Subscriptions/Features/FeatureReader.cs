using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Features;

/// <summary>Tells other modules which usage is a feature's.</summary>
public sealed class FeatureReader(MeteringDatabase database)
{
    /// <summary>By feature key; null for a feature without a meter. Archived and unknown features are not there.</summary>
    public async Task<ImmutableDictionary<string, FeatureMeter?>> MetersOfAsync(
        IEnumerable<string> featureKeys, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await FeatureRow.FindAllAsync(session, featureKeys, cancellationToken))
            .ToImmutableDictionary(
                feature => feature.Key, feature => FeatureMeter.Of(feature.Value.MeterSlug, feature.Value.MeterFilters), StringComparer.Ordinal);
    }
}
