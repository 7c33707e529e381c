using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Subscriptions.Features;

/// <summary>Finds features for other modules.</summary>
public sealed class FeatureLookup(MeteringDatabase database)
{
    /// <summary>By 26-character id, or by key the one that is not archived. What is not found is left out.</summary>
    public async Task<ImmutableDictionary<string, NamedFeature>> FindAsync(
        IReadOnlyCollection<string> idsOrKeys, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var found = ImmutableDictionary.CreateBuilder<string, NamedFeature>(StringComparer.Ordinal);
        foreach (var text in idsOrKeys.Distinct(StringComparer.Ordinal))
        {
            if (await FeatureRow.FindAsync(session, text, cancellationToken) is { } feature)
            {
                found[text] = new NamedFeature(feature.Id, feature.Key);
            }
        }

        return found.ToImmutable();
    }
}

/// <summary>A feature by both its names.</summary>
public sealed record NamedFeature(Guid Id, string Key);
