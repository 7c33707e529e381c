using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Meters;

namespace Metering.Ingest.Llm;

/// <summary>
/// Reads what a provider reported into disjoint classes. Which shape a usage has is told by its fields and not by who sent it: a model of one
/// provider is served by others, and gateways translate. Version 1, for ever: another reading is another event type.
/// </summary>
internal static class LlmUsageReader
{
    private static readonly ImmutableArray<(string Name, Func<UsageCounts, bool> Fits, Func<UsageCounts, LlmTokens> Read)> Shapes =
    [
        ("gemini", usage => usage.Has("promptTokenCount") || usage.Has("candidatesTokenCount") || usage.Has("totalTokenCount"), GeminiUsage.Of),
        ("otel", OtelUsage.Fits, OtelUsage.Of),
        ("openai-chat", usage => usage.Has("prompt_tokens"), OpenAiUsage.OfChat),
        ("bedrock", usage => usage.Has("inputTokens"), BedrockUsage.OfConverse),
        ("bedrock-invocation", usage => usage.Has("inputTokenCount"), BedrockUsage.OfInvocation),
        ("anthropic", IsAnthropic, AnthropicUsage.Of),
        ("openai-responses", usage => usage.Has("input_tokens") || usage.Has("output_tokens"), OpenAiUsage.OfResponses),
    ];

    /// <param name="data">
    /// <c>{"provider", "usage"}</c>, or <c>{"provider", "response"}</c> with the whole answer of the provider, or either as an array with the
    /// parts of a stream.
    /// </param>
    /// <returns>Why it can not be read, as what the event does; null when it can.</returns>
    public static string? TryRead(JsonElement data, out LlmUsage? usage)
    {
        usage = null;
        if (data.ValueKind != JsonValueKind.Object)
        {
            return "has no usage or response";
        }

        List<JsonElement> responses = [.. ItemsOf(data, "response").SelectMany(WithInner)];
        var objects = ItemsOf(data, "usage");
        if (objects.Count == 0)
        {
            objects = [.. responses.Select(UsageOf).OfType<JsonElement>()];
        }

        if (objects.Count == 0)
        {
            return "has no usage or response";
        }

        var counts = new UsageCounts(objects);
        var (name, _, read) = Shapes.FirstOrDefault(shape => shape.Fits(counts));
        if (read is null)
        {
            return "has a usage of no shape that is known";
        }

        var tokens = read(counts);
        if (counts.Problem is { } problem)
        {
            return problem;
        }

        var total = counts.Find("total_tokens") ?? counts.Find("totalTokenCount") ?? counts.Find("totalTokens");
        usage = new LlmUsage(
            name,
            TextOf("provider", data),
            TextOf("model", [data, .. responses]) ?? TextOf("modelVersion", [.. responses]),
            TextOf("request_id", data) ?? TextOf("id", [.. responses]) ?? TextOf("responseId", [.. responses]),
            TextOf("service_tier", [data, .. objects, .. responses]) ?? TextOf("serviceTier", [.. objects]) ?? TextOf("trafficType", [.. objects]),
            data.TryGetProperty("estimated", out var estimated) && estimated.ValueKind == JsonValueKind.True,
            tokens,
            total is { } stated ? stated - tokens.Total : 0,
            counts.Of("server_tool_use", "web_search_requests") + counts.Of("server_tool_use", "web_fetch_requests"));
        return counts.Problem;
    }

    /// <summary>Only Anthropic tells the cache beside the input. Without a cache the two shapes of these names say the same.</summary>
    private static bool IsAnthropic(UsageCounts usage) =>
        usage.Part("input_tokens_details") is null && usage.Part("input_token_details") is null && usage.Find("total_tokens") is null
        && usage.Find("output_tokens_details", "reasoning_tokens") is null
        && (usage.Has("cache_read_input_tokens") || usage.Has("cache_creation_input_tokens") || usage.Part("cache_creation") is not null
            || usage.Part("server_tool_use") is not null || usage.Has("input_tokens"));

    /// <summary>An answer, or a part of a stream: Anthropic's first one holds a message, OpenAI's last one a response, Bedrock's metadata.</summary>
    private static IEnumerable<JsonElement> WithInner(JsonElement response)
    {
        yield return response;
        foreach (var name in (string[])["message", "response", "metadata"])
        {
            if (response.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object)
            {
                yield return inner;
            }
        }
    }

    private static JsonElement? UsageOf(JsonElement response)
    {
        foreach (var name in (string[])["usage", "usageMetadata", "amazon-bedrock-invocationMetrics"])
        {
            if (response.TryGetProperty(name, out var usage) && usage.ValueKind == JsonValueKind.Object)
            {
                return usage;
            }
        }

        return null;
    }

    private static List<JsonElement> ItemsOf(JsonElement data, string name)
    {
        if (!data.TryGetProperty(name, out var found))
        {
            return [];
        }

        return found.ValueKind switch
        {
            JsonValueKind.Object => [found],
            JsonValueKind.Array => [.. found.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)],
            _ => [],
        };
    }

    /// <summary>Of the first that has it. What is too long to group by is left out.</summary>
    private static string? TextOf(string name, params ReadOnlySpan<JsonElement> objects)
    {
        foreach (var item in objects)
        {
            if (item.TryGetProperty(name, out var found) && EventValue.TryText(found, out var text))
            {
                return text;
            }
        }

        return null;
    }
}
