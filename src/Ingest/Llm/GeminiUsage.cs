using System.Text.Json;

namespace Metering.Ingest.Llm;

/// <summary>
/// Gemini on the Gemini API, Vertex AI and the Live API. The cached content is part of the prompt; what tools add and what the model thinks are
/// beside prompt and candidates. Lists by modality say what of each is audio, image or video.
/// </summary>
internal static class GeminiUsage
{
    public static LlmTokens Of(UsageCounts usage)
    {
        var prompt = usage.Of("promptTokenCount");
        var cached = usage.Of("cachedContentTokenCount");
        var rest = usage.Rest(prompt, "promptTokenCount", cached, "cached");
        var inputs = ByModality(usage, "promptTokensDetails");
        var caches = ByModality(usage, "cacheTokensDetails");
        var audio = Uncached(inputs.Audio, caches.Audio, rest);
        var image = Uncached(inputs.Image, caches.Image, rest - audio);
        var video = Uncached(inputs.Video, caches.Video, rest - audio - image);

        var live = usage.Find("candidatesTokenCount") is null && usage.Has("responseTokenCount");
        var output = usage.Of(live ? "responseTokenCount" : "candidatesTokenCount");
        var outputs = ByModality(usage, live ? "responseTokensDetails" : "candidatesTokensDetails");
        return new LlmTokens
        {
            Input = rest - audio - image - video,
            CacheRead = usage.Rest(cached, "cachedContentTokenCount", caches.Audio, "audio"),
            ToolInput = usage.Of("toolUsePromptTokenCount"),
            AudioInput = audio,
            ImageInput = image,
            VideoInput = video,
            AudioCacheRead = caches.Audio,
            Output = usage.Rest(output, live ? "responseTokenCount" : "candidatesTokenCount", outputs.Audio + outputs.Image, "audio or images"),
            Reasoning = usage.Of("thoughtsTokenCount"),
            AudioOutput = outputs.Audio,
            ImageOutput = outputs.Image,
        };
    }

    /// <summary>Without a list of the cached part it is taken to be text as far as there is text.</summary>
    private static long Uncached(long tokens, long cached, long rest) => Math.Min(Math.Max(tokens - cached, 0), rest);

    private static (long Audio, long Image, long Video) ByModality(UsageCounts usage, string list)
    {
        var (audio, image, video) = (0L, 0L, 0L);
        foreach (var item in usage.Part(list) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().ToArray() : [])
        {
            if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("tokenCount", out var count)
                && item.TryGetProperty("modality", out var modality) && modality.ValueKind == JsonValueKind.String)
            {
                var tokens = usage.CountOf(count, $"{list}.tokenCount");
                audio += modality.ValueEquals("AUDIO") ? tokens : 0;
                image += modality.ValueEquals("IMAGE") ? tokens : 0;
                video += modality.ValueEquals("VIDEO") ? tokens : 0;
            }
        }

        return (audio, image, video);
    }
}
