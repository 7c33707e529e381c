using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Metering.Faults;

/// <summary>
/// A gateway that posts batches of its own usage: a batch that was not answered with 2xx is posted again with the same ids,
/// because nobody can know whether it arrived.
/// </summary>
internal sealed class EventPosting(Uri host, string apiKey, string subject)
{
    public const int EventsPerBatch = 50;
    private const string Source = "fault-test-gateway";
    private const int MaxAttempts = 300;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    private int accepted;
    private int repeated;

    /// <summary>Batches answered with 2xx so far.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Posts that had to be made again.</summary>
    public int Repeated => Volatile.Read(ref repeated);

    public static ImmutableHashSet<string> IdsOf(int batches) =>
        [.. Enumerable.Range(0, batches).SelectMany(batch => Enumerable.Range(0, EventsPerBatch).Select(index => IdOf(batch, index)))];

    /// <summary>Returns when every batch has been accepted.</summary>
    public Task PostAsync(int batches, int workers, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, batches),
            new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken },
            async (batch, token) => await PostUntilAcceptedAsync(batch, token));

    /// <summary>Returns when that many batches have been accepted: a point in the middle of the work, whatever the machine's speed.</summary>
    public async Task ReachedAsync(int batches, CancellationToken cancellationToken)
    {
        while (Accepted < batches)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
    }

    private async Task PostUntilAcceptedAsync(int batch, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = host, Timeout = RequestLimit };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await TryPostAsync(client, batch, cancellationToken))
            {
                Interlocked.Increment(ref accepted);
                return;
            }

            Interlocked.Increment(ref repeated);
            await Task.Delay(RetryPause, cancellationToken);
        }

        throw new InvalidOperationException($"Batch {batch} was not accepted in {MaxAttempts} attempts.");
    }

    /// <exception cref="InvalidOperationException">The batch was refused as wrong: trying again would not help.</exception>
    private async Task<bool> TryPostAsync(HttpClient client, int batch, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(BatchOf(batch), new MediaTypeHeaderValue("application/cloudevents-batch+json"));
        try
        {
            using var response = await client.PostAsync("/api/v1/events", content, cancellationToken);
            return (int)response.StatusCode is >= 400 and < 500
                ? throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}")
                : response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private JsonArray BatchOf(int batch) => new([.. Enumerable.Range(0, EventsPerBatch).Select(index => new JsonObject
    {
        ["specversion"] = "1.0",
        ["id"] = IdOf(batch, index),
        ["source"] = Source,
        ["type"] = "ai.completion",
        ["subject"] = subject,
        ["time"] = "2026-01-15T09:00:00Z",
        ["data"] = new JsonObject { ["model"] = "m-1", ["total_tokens"] = index + 1 },
    })]);

    private static string IdOf(int batch, int index) => $"b{batch:D4}-{index:D3}";
}
