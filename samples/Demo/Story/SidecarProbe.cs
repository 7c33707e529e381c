using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>Asks the sidecar what costs nothing: whether it knows a customer, and what it has counted for one.</summary>
public sealed class SidecarProbe(Uri sidecarUrl) : IDisposable
{
    private const string UnmeteredFeature = "advanced-reasoning";
    private const int MaxAttempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient client = new() { BaseAddress = sidecarUrl, Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The sidecar hears of a new customer within moments.</summary>
    /// <param name="last">Who signed up last, to a plan with advanced reasoning: news arrive in order, so everybody before is known too.</param>
    public async Task WaitUntilKnownAsync(DemoCustomer last, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/check");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", last.ApiKey);
            request.Headers.Add("X-Meter-Feature", UnmeteredFeature);
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        throw new DemoException($"The sidecar does not know {last.Name}, {(MaxAttempts * Pause).TotalSeconds} s after the sign-up.");
    }

    /// <summary>How much of the running period's summaries is used, as the sidecar counts it.</summary>
    public async Task<long> SummariesUsedAsync(DemoCustomer customer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/limits");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", customer.ApiKey);
        using var response = await client.SendAsync(request, cancellationToken);
        var limits = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        var quota = limits["features"]?.AsArray().FirstOrDefault(feature => (string?)feature!["feature"] == "summarize")?["quota"]
            ?? throw new DemoException($"The sidecar names no quota of summarize for {customer.Name}: {limits.ToJsonString()}");
        return quota["limit"]!.GetValue<long>() - (quota["remaining"]?.GetValue<long>() ?? throw new DemoException("The sidecar does not know what is left."));
    }

    public void Dispose() => client.Dispose();
}
