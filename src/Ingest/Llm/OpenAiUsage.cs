namespace Metering.Ingest.Llm;

/// <summary>
/// OpenAI, Azure OpenAI and the many who answer as they do. Cached tokens, written ones and audio are parts of the input, and reasoning and audio
/// parts of the output. Some who answer in this shape report reasoning beside the output: their total tells.
/// </summary>
internal static class OpenAiUsage
{
    /// <summary>Chat completions, completions and embeddings.</summary>
    public static LlmTokens OfChat(UsageCounts usage) => Of(usage, "prompt_tokens", "completion_tokens");

    /// <summary>The responses and realtime APIs.</summary>
    public static LlmTokens OfResponses(UsageCounts usage) => Of(usage, "input_tokens", "output_tokens");

    private static LlmTokens Of(UsageCounts usage, string inputName, string outputName)
    {
        var inputs = Details(usage, inputName, "input_token_details");
        var outputs = Details(usage, outputName, "output_token_details");
        var input = usage.Of(inputName);
        var cached = usage.Find(inputs, "cached_tokens") ?? usage.Of("prompt_cache_hit_tokens");
        var written = usage.Find(inputs, "cache_write_tokens") ?? usage.Find(inputs, "cache_creation_tokens")
            ?? usage.Of("cache_creation_input_tokens");
        var rest = usage.Rest(input, inputName, cached + written, "cached or written to the cache");

        // Only the realtime API says what of the cached part is audio; otherwise the cached part is taken to be text as far as there is text.
        var cachedAudio = usage.Of(inputs, "cached_tokens_details", "audio_tokens");
        var audio = Math.Min(usage.Rest(usage.Of(inputs, "audio_tokens"), "audio tokens", cachedAudio, "cached"), rest);
        var image = Math.Min(usage.Of(inputs, "image_tokens"), rest - audio);

        var output = usage.Of(outputName);
        var reasoning = usage.Of(outputs, "reasoning_tokens");
        var isBeside = reasoning > 0 && usage.Find("total_tokens") == input + output + reasoning;
        var spokenOut = usage.Of(outputs, "audio_tokens");
        var imageOut = usage.Of(outputs, "image_tokens");
        return new LlmTokens
        {
            Input = rest - audio - image,
            CacheRead = usage.Rest(cached, "cached tokens", cachedAudio, "audio"),
            CacheWrite = written,
            AudioInput = audio,
            AudioCacheRead = cachedAudio,
            ImageInput = image,
            Output = usage.Rest(output, outputName, spokenOut + imageOut + (isBeside ? 0 : reasoning), "reasoning, audio or images"),
            Reasoning = reasoning,
            AudioOutput = spokenOut,
            ImageOutput = imageOut,
        };
    }

    /// <summary>The realtime API writes the same in the singular.</summary>
    private static string Details(UsageCounts usage, string name, string singular) =>
        usage.Part(singular) is null ? $"{name}_details" : singular;
}
