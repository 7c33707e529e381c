using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>A meter as OpenMeter shapes it.</summary>
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
    Instant? DeletedAt)
{
    internal EntityTag Tag => EntityTag.Of(this);

    public static MeterResponse Of(Meter meter) => new(
        PublicId.Format(meter.Id), meter.Slug, meter.Name ?? meter.Slug, meter.Description, AggregationCode.Of(meter.Aggregation), meter.EventType,
        meter.EventFrom, meter.ValueProperty, meter.GroupBy, meter.Metadata.IsEmpty ? null : meter.Metadata, meter.CreatedAt, meter.UpdatedAt,
        meter.DeletedAt);
}
