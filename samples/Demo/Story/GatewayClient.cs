using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Demo.Upstream;

namespace Metering.Demo.Story;

/// <summary>A customer's program: calls the model through nginx and knows nothing of metering but its own API key.</summary>
public sealed class GatewayClient(Uri gatewayUrl) : IDisposable
{
    private static readonly string[] TellingHeaders = ["RateLimit", "RateLimit-Policy", "Retry-After"];

    private readonly HttpClient client = new() { BaseAddress = gatewayUrl, Timeout = TimeSpan.FromSeconds(30) };

    /// <param name="prompt">The same prompt and <paramref name="maxTokens"/> always cost the same tokens.</param>
    public async Task<GatewayAnswer> AskAsync(string apiKey, string prompt, int maxTokens, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Headers.Add("Authorization", "Bearer " + apiKey);
        request.Content = JsonContent.Create(new ChatRequest("stub-1", [new ChatMessage("user", prompt)], maxTokens));
        using var response = await client.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var tokens = response.IsSuccessStatusCode ? JsonNode.Parse(body)!["usage"]!["total_tokens"]!.GetValue<int>() : 0;
        return new GatewayAnswer((int)response.StatusCode, body, tokens,
            [.. TellingHeaders.Where(response.Headers.Contains).Select(name => (name, string.Join(", ", response.Headers.GetValues(name))))]);
    }

    public void Dispose() => client.Dispose();
}
