using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Subscriptions.Features;

namespace Metering.Subscriptions.Plans;

/// <summary>A feature as plans need to know it.</summary>
/// <param name="Dimensions">By what its meter can be grouped.</param>
internal sealed record MeteredFeature(FeatureRow Row, ImmutableArray<string> Dimensions)
{
    /// <summary>The features that plans name, by key; archived ones are not among them.</summary>
    public static async Task<ImmutableDictionary<string, MeteredFeature>> OfAsync(
        IReadOnlyCollection<PlanBody> plans, DbSession session, MeterCatalog meters, CancellationToken cancellationToken)
    {
        var rows = await FeatureRow.FindAllAsync(session, plans.SelectMany(PlanChecks.FeatureKeysOf), cancellationToken);
        var dimensions = plans.Any(HasDimensions)
            ? (await meters.ListAsync(cancellationToken)).ToImmutableDictionary(meter => meter.Slug, meter => meter.GroupBy.Keys.ToImmutableArray())
            : ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        return rows.ToImmutableDictionary(
            row => row.Key,
            row => new MeteredFeature(row.Value, row.Value.MeterSlug is { } slug ? dimensions.GetValueOrDefault(slug, []) : []));
    }

    private static bool HasDimensions(PlanBody plan) => PlanChecks.CardsOf(plan).Any(card => card.Price?.Dimensions is not null);
}
