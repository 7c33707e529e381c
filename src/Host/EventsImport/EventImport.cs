using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Metering.Host.EventsImport;

/// <summary>Streams a CSV file to <c>POST /api/v1/events</c> in batches, and adds up what became of its rows.</summary>
public sealed class EventImport(HttpClient client, ImportMapping mapping)
{
    private const int BatchRows = 1_000;
    private const int MaxAttempts = 8;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <param name="reached">Told the position in the stream after each batch.</param>
    /// <exception cref="ImportException">The file does not fit the mapping, or the server refuses or does not answer.</exception>
    public async Task<ImportSummary> RunAsync(Stream file, Action<long> reached, CancellationToken cancellationToken)
    {
        using var reader = await CsvEventReader.OpenAsync(file, mapping, cancellationToken);
        var summary = ImportSummary.Empty;
        var batch = new List<ImportRow>(BatchRows);
        while (await reader.ReadAsync(cancellationToken) is { } row)
        {
            if (row.Event is null)
            {
                summary = summary.Reject($"Line {row.Number}: {row.Problem}.");
                continue;
            }

            batch.Add(row);
            if (batch.Count == BatchRows)
            {
                summary = await PostAsync(batch, summary, cancellationToken);
                batch.Clear();
                reached(file.Position);
            }
        }

        return batch.Count == 0 ? summary : await PostAsync(batch, summary, cancellationToken);
    }

    private async Task<ImportSummary> PostAsync(List<ImportRow> batch, ImportSummary summary, CancellationToken cancellationToken)
    {
        var rows = batch;
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            using var response = await SendAsync(rows, cancellationToken);
            switch (response?.StatusCode)
            {
                case HttpStatusCode.OK:
                    return Add(summary, rows, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!);
                case HttpStatusCode.NoContent:
                    return summary with { Queued = summary.Queued + rows.Count };
                case HttpStatusCode.BadRequest:
                    (rows, summary) = WithoutRefused(rows, summary, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!);
                    if (rows.Count == 0)
                    {
                        return summary;
                    }

                    break;
                case null or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable:
                    await Task.Delay(WaitAfter(attempt, response), cancellationToken);
                    break;
                default:
                    var answer = await response.Content.ReadAsStringAsync(cancellationToken);
                    throw new ImportException($"The server answered {(int)response.StatusCode}: {answer}");
            }
        }

        throw new ImportException(
            $"The server at {client.BaseAddress} did not take the events. Importing the file again continues where this ended.");
    }

    /// <summary>Null when there was no answer. Sending again is safe: the ids are the same.</summary>
    private async Task<HttpResponseMessage?> SendAsync(List<ImportRow> rows, CancellationToken cancellationToken)
    {
        var body = new JsonArray([.. rows.Select(row => row.Event!.DeepClone())]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/events")
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
    }

    private static TimeSpan WaitAfter(int attempt, HttpResponseMessage? response)
    {
        var wait = response?.Headers.RetryAfter?.Delta ?? TimeSpan.FromMilliseconds(100 * Math.Pow(2, attempt));
        return wait < LongestWait ? wait : LongestWait;
    }

    private static ImportSummary Add(ImportSummary summary, List<ImportRow> rows, JsonNode report)
    {
        foreach (var result in report["results"]!.AsArray().Where(result => result!["reason"] is not null))
        {
            summary = summary.With($"Line {rows[(int)result!["index"]!].Number}: {result["outcome"]}. {result["reason"]}");
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
    private static (List<ImportRow> Rows, ImportSummary Summary) WithoutRefused(List<ImportRow> rows, ImportSummary summary, JsonNode problem)
    {
        var refused = new HashSet<int>();
        foreach (var error in problem["errors"]?.AsArray() ?? [])
        {
            if (int.TryParse(((string)error!["pointer"]!).Split('/') is [_, var index, ..] ? index : "", out var position) && refused.Add(position))
            {
                summary = summary.Reject($"Line {rows[position].Number}: {error["message"]}");
            }
        }

        return refused.Count == 0
            ? throw new ImportException($"The server refused the events: {problem["detail"]}")
            : ([.. rows.Where((_, position) => !refused.Contains(position))], summary);
    }
}
