using System.Text.Json;

namespace Metering.Ingest.Llm;

/// <summary>
/// Bedrock's Converse, and what its streams and logs call invocation metrics. The input is what was neither read from a cache nor written to one;
/// reasoning is not told apart from the output.
/// </summary>
internal static class BedrockUsage
{
    public static LlmTokens OfConverse(UsageCounts usage) =>
        Of(usage, "inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens");

    public static LlmTokens OfInvocation(UsageCounts usage) =>
        Of(usage, "inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount");

    private static LlmTokens Of(UsageCounts usage, string input, string output, string read, string written)
    {
        var hour = WrittenForAnHour(usage);
        return new LlmTokens
        {
            Input = usage.Of(input),
            CacheRead = usage.Of(read),
            CacheWrite = usage.Rest(usage.Of(written), written, hour, "for an hour"),
            CacheWrite1H = hour,
            Output = usage.Of(output),
        };
    }

    private static long WrittenForAnHour(UsageCounts usage)
    {
        var hour = 0L;
        foreach (var item in usage.Part("cacheDetails") is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().ToArray() : [])
        {
            if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("ttl", out var ttl) && ttl.ValueKind == JsonValueKind.String
                && ttl.ValueEquals("1h") && item.TryGetProperty("inputTokens", out var tokens))
            {
                hour += usage.CountOf(tokens, "cacheDetails.inputTokens");
            }
        }

        return hour;
    }
}
