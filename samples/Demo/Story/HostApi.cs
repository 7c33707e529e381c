using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>The REST API as a product manager's script would call it.</summary>
public sealed class HostApi : IDisposable
{
    private readonly HttpClient client;

    public HostApi(Uri url, string apiKey)
    {
        client = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(100) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) =>
        await ReadAsync(await client.GetAsync(path, cancellationToken), cancellationToken);

    public async Task<byte[]> DownloadAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(path, cancellationToken);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellationToken)
            : throw await RefusedAsync(response, cancellationToken);
    }

    public async Task<JsonNode> PostAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        await ReadAsync(await client.PostAsJsonAsync(path, body, cancellationToken), cancellationToken);

    public async Task<JsonNode> PutAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        await ReadAsync(await client.PutAsJsonAsync(path, body, cancellationToken), cancellationToken);

    /// <summary>Usage events as a gateway posts them in one go.</summary>
    public async Task PostEventsAsync(JsonArray events, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(events, new MediaTypeHeaderValue("application/cloudevents-batch+json"));
        await ReadAsync(await client.PostAsync("/api/v1/events", content, cancellationToken), cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusedAsync(response, cancellationToken);
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
        }
    }

    private static async Task<DemoException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken) => new(
        $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri!.AbsolutePath} answered {(int)response.StatusCode}: "
        + await response.Content.ReadAsStringAsync(cancellationToken));
}
