using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metering.Host.EventsImport;

/// <summary>
/// Sends batches to <c>POST /api/v1/events</c> until they are taken, and adds up what became of them. Sending again is safe: the ids are the same.
/// </summary>
/// <param name="maxAttempts">How often a batch is tried; null tries for ever, for a sender that may not give up.</param>
/// <param name="backfill">The id of an open backfill that takes the events; null sends them to be counted at once.</param>
internal sealed class EventSender(HttpClient client, int? maxAttempts, string? backfill = null)
{
    public const int BatchRows = 1_000;

    private readonly string path = backfill is null ? "/api/v1/events" : $"/api/v1/events/backfills/{Uri.EscapeDataString(backfill)}/events";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <exception cref="ImportException">The server refuses the sender, or did not take the batch in as many attempts.</exception>
    public async Task<ImportSummary> SendAsync(IReadOnlyList<ImportRow> batch, ImportSummary summary, CancellationToken cancellationToken)
    {
        var rows = batch.ToList();
        for (var attempt = 1; rows.Count > 0; attempt++)
        {
            using var response = await PostAsync(rows, cancellationToken);
            switch (response?.StatusCode)
            {
                case HttpStatusCode.OK:
                    return Add(summary, rows, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!);
                case HttpStatusCode.NoContent:
                    return summary with { Queued = summary.Queued + rows.Count };
                case HttpStatusCode.BadRequest:
                    summary = TakeOutRefused(rows, summary, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!);
                    break;
                case null or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError when !(attempt >= maxAttempts):
                    await Task.Delay(WaitAfter(attempt, response), cancellationToken);
                    break;
                case null:
                    throw new ImportException($"The server at {client.BaseAddress} did not answer. The same again continues where this ended.");
                default:
                    var answer = await response.Content.ReadAsStringAsync(cancellationToken);
                    throw new ImportException($"The server answered {(int)response.StatusCode}: {answer}");
            }
        }

        return summary;
    }

    /// <summary>Null when there was no answer.</summary>
    private async Task<HttpResponseMessage?> PostAsync(List<ImportRow> rows, CancellationToken cancellationToken)
    {
        var body = new JsonArray([.. rows.Select(row => row.Event!.DeepClone())]);
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/cloudevents-batch+json"),
        };
        request.Headers.Add("Prefer", "return=representation");
        try
        {
            return await client.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The client's own limit of time.
            return null;
        }
    }

    private static TimeSpan WaitAfter(int attempt, HttpResponseMessage? response)
    {
        var wait = response?.Headers.RetryAfter?.Delta ?? TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(attempt, 10)));
        return wait < LongestWait ? wait : LongestWait;
    }

    private static ImportSummary Add(ImportSummary summary, List<ImportRow> rows, JsonNode report)
    {
        foreach (var result in report["results"]!.AsArray().Where(result => result!["reason"] is not null))
        {
            summary = summary.With($"{rows[(int)result!["index"]!].Place}: {result["outcome"]}. {result["reason"]}");
        }

        var notCounted = report["results"]!.AsArray().Count(result => (string)result!["outcome"]! == "accepted" && result["reason"] is not null);
        return summary with
        {
            Accepted = summary.Accepted + (int)report["accepted"]!,
            Duplicate = summary.Duplicate + (int)report["duplicate"]!,
            Conflict = summary.Conflict + (int)report["conflict"]!,
            Rejected = summary.Rejected + (int)report["rejected"]!,
            NotCounted = summary.NotCounted + notCounted,
        };
    }

    /// <summary>A refused request names the events that refuse it, <c>/12/subject</c>; the others go again without them.</summary>
    private static ImportSummary TakeOutRefused(List<ImportRow> rows, ImportSummary summary, JsonNode problem)
    {
        var refused = new SortedSet<int>();
        foreach (var error in problem["errors"]?.AsArray() ?? [])
        {
            if (int.TryParse(((string)error!["pointer"]!).Split('/') is [_, var index, ..] ? index : "", out var position)
                && position < rows.Count && refused.Add(position))
            {
                summary = summary.Reject($"{rows[position].Place}: {error["message"]}");
            }
        }

        if (refused.Count == 0)
        {
            throw new ImportException($"The server refused the events: {problem["detail"]}");
        }

        foreach (var position in refused.Reverse())
        {
            rows.RemoveAt(position);
        }

        return summary;
    }
}
