using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Metering.Faults;

/// <summary>
/// Customers' programs calling through the gateway at the same time, bounded in number and pace. Every request is
/// sent once: a test about counting must not retry behind its own back.
/// </summary>
internal sealed class GatewayLoad(Uri gateway, int workers, int maxRequests)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<SentRequest> sent = new();
    private int count;
    private int answered;

    public ImmutableArray<SentRequest> Sent => [.. sent];

    /// <summary>Returns when that many requests have been answered with 200: the product works, again or still.</summary>
    public async Task AnsweredAsync(int requests, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref answered) < requests)
        {
            if (Volatile.Read(ref count) > maxRequests)
            {
                throw new InvalidOperationException($"{answered} of {maxRequests} requests were answered; {requests} were waited for.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
        }
    }

    /// <summary>Returns when that many requests have been answered with a status.</summary>
    public async Task AnsweredWithAsync(int status, int requests, CancellationToken cancellationToken)
    {
        while (sent.Count(request => request.Status == status) < requests)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    /// <summary>Each worker takes the customers in turn until <paramref name="enough"/> is cancelled or the bound is reached.</summary>
    public Task RunAsync(ImmutableArray<LoadCustomer> customers, CancellationToken enough) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(worker => WorkAsync(worker, customers, enough)));

    private async Task WorkAsync(int worker, ImmutableArray<LoadCustomer> customers, CancellationToken enough)
    {
        using var client = new HttpClient { BaseAddress = gateway, Timeout = RequestLimit };
        for (var turn = worker; !enough.IsCancellationRequested; turn++)
        {
            var number = Interlocked.Increment(ref count);
            if (number > maxRequests)
            {
                return;
            }

            var request = await SendAsync(client, customers[turn % customers.Length]);
            sent.Enqueue(request);
            if (request.Status == StatusCodes.Status200OK)
            {
                Interlocked.Increment(ref answered);
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Status 0: the connection broke or nothing came back in time, so the program does not know what happened.</summary>
    private static async Task<SentRequest> SendAsync(HttpClient client, LoadCustomer customer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", customer.ApiKey);
        request.Content = new StringContent(
            """{"model":"m-1","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
        try
        {
            using var response = await client.SendAsync(request);
            await response.Content.ReadAsStringAsync();
            var requestId = response.Headers.TryGetValues("X-Meter-Request-Id", out var ids) ? ids.Single() : "";
            return new SentRequest(requestId, customer.Key, (int)response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return new SentRequest("", customer.Key, 0);
        }
    }
}

/// <summary>One request and what its sender saw; the id is the gateway's and empty when it served no answer.</summary>
internal sealed record SentRequest(string RequestId, string CustomerKey, int Status);
