namespace Metering.Ingest.Llm;

/// <summary>Anthropic, wherever it runs. Three separate inputs: read, taken from a cache, put into a cache. Thinking is part of the output.</summary>
internal static class AnthropicUsage
{
    public static LlmTokens Of(UsageCounts usage)
    {
        var hour = usage.Of("cache_creation", "ephemeral_1h_input_tokens");
        var minutes = usage.Of("cache_creation", "ephemeral_5m_input_tokens");
        var written = usage.Find("cache_creation_input_tokens") ?? hour + minutes;
        var output = usage.Of("output_tokens");
        var thinking = usage.Of("output_tokens_details", "thinking_tokens");
        return new LlmTokens
        {
            Input = usage.Of("input_tokens"),
            CacheRead = usage.Of("cache_read_input_tokens"),
            CacheWrite = usage.Rest(written, "cache_creation_input_tokens", hour + minutes, "listed by their time") + minutes,
            CacheWrite1H = hour,
            Output = usage.Rest(output, "output_tokens", thinking, "thinking"),
            Reasoning = thinking,
        };
    }
}
