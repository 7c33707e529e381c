using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// <c>GET …/lines/{lineId}/events</c>: the events that a line billed, a page at a time. The stored watermark leaves out what
/// was recorded later, so the list explains the number on the document for ever.
/// </summary>
internal static class LineEvents
{
    private const int MaxOffset = 1_000_000_000;

    public static async Task<IResult> HandleAsync(
        string invoiceId, string lineId, int? offset, InvoiceReader reader, EventReader events, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(invoiceId, cancellationToken) is not { } invoice)
        {
            return Problem.NotFound("invoice", invoiceId);
        }

        if (!PublicId.TryParse(lineId, out var id) || invoice.Lines.FirstOrDefault(line => line.Id == id) is not { } line)
        {
            return Problem.NotFound("line", lineId);
        }

        if (offset is < 0 or > MaxOffset)
        {
            return Problem.Invalid("?offset", "out_of_range", "Events are counted from 0.");
        }

        if (line is not { MeterSlug: { } meter, Metered: { } metered, Subjects.IsEmpty: false })
        {
            return Results.Ok(new LineEventsPage(lineId, null, [], null));
        }

        var from = offset ?? 0;
        var query = LineMetering.QueryOf(meter, line.Subjects, line.Period, new Watermark(metered.Watermark)) with
        {
            TextFilters = line.MeterFilters,
        };
        var found = await events.BehindAsync(query, from, cancellationToken);
        var next = found.Length == EventReader.MaxEvents ? from + found.Length : (int?)null;
        return Results.Ok(new LineEventsPage(lineId, metered.Watermark, [.. found.Select(BilledEvent.Of)], next));
    }
}

/// <summary>Some of the events behind a line, in order of time and id.</summary>
/// <param name="NextOffset">Where the next page begins; absent on the last.</param>
internal sealed record LineEventsPage(string LineId, long? Watermark, ImmutableArray<BilledEvent> Items, int? NextOffset);

/// <summary>An event as the gateway reported it.</summary>
internal sealed record BilledEvent(
    string Id, string Source, string Type, string Subject, Instant Time, JsonElement? Data, Instant RecordedAt, long Batch)
{
    public static BilledEvent Of(RecordedEvent recorded) => new(
        recorded.Id, recorded.Source, recorded.Type, recorded.Subject, recorded.Time,
        recorded.Payload is { } payload ? JsonSerializer.Deserialize<JsonElement>(payload) : null, recorded.RecordedAt, recorded.Batch);
}
