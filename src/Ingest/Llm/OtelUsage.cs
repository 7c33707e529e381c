namespace Metering.Ingest.Llm;

/// <summary>
/// OpenTelemetry's semantic conventions for generative AI, as a span's attributes say it: what is read from a cache and put into one is part of the
/// input, and reasoning part of the output. Older instrumentation says prompt and completion.
/// </summary>
internal static class OtelUsage
{
    private const string Input = "gen_ai.usage.input_tokens";
    private const string Output = "gen_ai.usage.output_tokens";
    private const string Prompt = "gen_ai.usage.prompt_tokens";
    private const string Completion = "gen_ai.usage.completion_tokens";

    public static bool Fits(UsageCounts usage) => usage.Has(Input) || usage.Has(Output) || usage.Has(Prompt) || usage.Has(Completion);

    public static LlmTokens Of(UsageCounts usage)
    {
        var read = usage.Of("gen_ai.usage.cache_read.input_tokens");
        var written = usage.Of("gen_ai.usage.cache_creation.input_tokens");
        var reasoning = usage.Of("gen_ai.usage.reasoning.output_tokens");
        return new LlmTokens
        {
            Input = usage.Rest(usage.Find(Input) ?? usage.Of(Prompt), "input tokens", read + written, "cached or written to the cache"),
            CacheRead = read,
            CacheWrite = written,
            Output = usage.Rest(usage.Find(Output) ?? usage.Of(Completion), "output tokens", reasoning, "reasoning"),
            Reasoning = reasoning,
        };
    }
}
