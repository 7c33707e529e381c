using System.Text.Json.Serialization;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>An answer as OpenMeter shapes it.</summary>
/// <param name="Watermark">Additive: the number of the batch that the answer was asked as of.</param>
internal sealed record UsageResponse(Instant? From, Instant? To, string? WindowSize, long? Watermark, IReadOnlyList<UsageResponseRow> Data)
{
    public static UsageResponse Of(UsageQuery query, IEnumerable<UsageRow> rows) => new(
        query.From, query.To, query.Window?.ToString().ToUpperInvariant(), query.AsRecordedBy?.Batch,
        [.. rows.Select(UsageResponseRow.Of)]);
}

internal sealed record UsageResponseRow(
    decimal Value,
    Instant WindowStart,
    Instant WindowEnd,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Subject,
    string? CustomerId,
    IReadOnlyDictionary<string, string?> GroupBy)
{
    public static UsageResponseRow Of(UsageRow row) => new(
        row.Value, row.Start, row.End, row.Subject, row.CustomerId is { } id ? PublicId.Format(id) : null, row.Dimensions);
}
