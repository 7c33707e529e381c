using System.Net.Http.Headers;
using System.Text;

namespace Metering.Faults.Driver;

/// <summary>
/// Several gateways that send the driver's batches, by HTTP and where there is a broker some of them by AMQP. What was not answered with 2xx is
/// sent again, because nobody can know whether it arrived; and now and then a batch that was answered is sent again all the same, as a gateway
/// does that lost the answer.
/// </summary>
/// <param name="broker">Its address; null: everything is posted.</param>
internal sealed class UsageSender(Uri host, string apiKey, string? broker, SeededUsage usage) : IAsyncDisposable
{
    private const int Workers = 4;
    private const int MaxAttempts = 600;
    private const int SentAgainEvery = 25;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(15);

    private readonly AmqpRoute? amqp = broker is null ? null : new AmqpRoute(broker);
    private int accepted;
    private int repeated;

    /// <summary>Batches answered with 2xx so far.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Attempts that had to be made again.</summary>
    public int Repeated => Volatile.Read(ref repeated);

    /// <summary>Returns when every batch has been accepted.</summary>
    public Task SendAsync(CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, usage.Batches.Length),
            new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = cancellationToken },
            async (batch, token) =>
            {
                await SendUntilAcceptedAsync(batch, token);
                Interlocked.Increment(ref accepted);
                if (batch % SentAgainEvery == 0)
                {
                    await SendUntilAcceptedAsync(batch, token);
                }
            });

    /// <summary>Returns when that many batches have been accepted: a point in the middle of the work, whatever the machine's speed.</summary>
    public async Task ReachedAsync(int batches, CancellationToken cancellationToken)
    {
        while (Accepted < batches)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => amqp?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task SendUntilAcceptedAsync(int batch, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = host, Timeout = RequestLimit };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await TrySendAsync(client, batch, cancellationToken))
            {
                return;
            }

            Interlocked.Increment(ref repeated);
            await Task.Delay(RetryPause, cancellationToken);
        }

        throw new InvalidOperationException($"Batch {batch} was not accepted in {MaxAttempts} attempts.");
    }

    private Task<bool> TrySendAsync(HttpClient client, int batch, CancellationToken cancellationToken) =>
        amqp is not null && SeededUsage.IsPublished(batch)
            ? amqp.TryPublishAsync(usage.PublishedBodyOf(batch), cancellationToken)
            : TryPostAsync(client, batch, cancellationToken);

    /// <exception cref="InvalidOperationException">The batch was refused as wrong: trying again would not help.</exception>
    private async Task<bool> TryPostAsync(HttpClient client, int batch, CancellationToken cancellationToken)
    {
        using var content = new StringContent(usage.BodyOf(batch), Encoding.UTF8, "application/cloudevents-batch+json");
        try
        {
            using var response = await client.PostAsync("/api/v1/events", content, cancellationToken);
            return (int)response.StatusCode is >= 400 and < 500 and not 429
                ? throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}")
                : response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
