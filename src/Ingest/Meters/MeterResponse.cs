using Metering.Ingest.Filters;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>A meter as OpenMeter shapes it.</summary>
/// <param name="ValueExpression">Additive: in place of the value property.</param>
/// <param name="EventFilters">Additive: path into the event's data → condition.</param>
/// <param name="Backfill">Additive: how far it has counted events that were stored before it.</param>
internal sealed record MeterResponse(
    string Id,
    string Slug,
    string Name,
    string? Description,
    string Aggregation,
    string EventType,
    Instant? EventFrom,
    string? ValueProperty,
    IReadOnlyDictionary<string, string> GroupBy,
    IReadOnlyDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt,
    string? ValueExpression,
    IReadOnlyDictionary<string, TextFilter>? EventFilters,
    MeterBackfillView? Backfill)
{
    /// <summary>How far the counting of stored events has come is no change of the meter.</summary>
    internal EntityTag Tag => EntityTag.Of(this with { Backfill = null });

    public static MeterResponse Of(Meter meter) => new(
        PublicId.Format(meter.Id), meter.Slug, meter.Name ?? meter.Slug, meter.Description, AggregationCode.Of(meter.Aggregation), meter.EventType,
        meter.EventFrom, meter.ValueProperty, meter.GroupBy, meter.Metadata.IsEmpty ? null : meter.Metadata, meter.CreatedAt, meter.UpdatedAt,
        meter.DeletedAt, meter.ValueExpression, meter.EventFilters.IsEmpty ? null : meter.EventFilters, meter.Backfill);
}
