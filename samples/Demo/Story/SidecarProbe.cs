using System.Net;
using System.Net.Http.Headers;

namespace Metering.Demo.Story;

/// <summary>Waits until the sidecar has heard of a new customer, which takes it moments, by asking for something that costs nothing.</summary>
public sealed class SidecarProbe(Uri sidecarUrl) : IDisposable
{
    private const string UnmeteredFeature = "advanced-reasoning";
    private const int MaxAttempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient client = new() { BaseAddress = sidecarUrl, Timeout = TimeSpan.FromSeconds(10) };

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

    public void Dispose() => client.Dispose();
}
