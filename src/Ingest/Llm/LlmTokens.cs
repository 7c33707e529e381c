using System.Collections.Immutable;

namespace Metering.Ingest.Llm;

/// <summary>The classes in which providers charge for tokens. Disjoint: every token is in one of them, so their sum is what was used.</summary>
/// <param name="Input">Text that was read and not cached.</param>
/// <param name="CacheRead">Input that was taken from a cache.</param>
/// <param name="CacheWrite">Input that was put into a cache for the usual time, five minutes with Anthropic.</param>
/// <param name="CacheWrite1H">Input that was put into a cache for an hour.</param>
/// <param name="ToolInput">Input that tools of the provider added, such as what a search found.</param>
/// <param name="AudioInput">Not cached, as the next two.</param>
/// <param name="AudioCacheRead">Audio that was taken from a cache.</param>
/// <param name="Output">Text that was written, also predicted text that was rejected.</param>
/// <param name="Reasoning">Output that the model wrote for itself.</param>
internal sealed record LlmTokens(
    long Input = 0,
    long CacheRead = 0,
    long CacheWrite = 0,
    long CacheWrite1H = 0,
    long ToolInput = 0,
    long AudioInput = 0,
    long ImageInput = 0,
    long VideoInput = 0,
    long AudioCacheRead = 0,
    long Output = 0,
    long Reasoning = 0,
    long AudioOutput = 0,
    long ImageOutput = 0)
{
    /// <summary>By the name that meters read, in the order of the schema.</summary>
    public ImmutableArray<(string Name, long Count)> Classes =>
    [
        ("input", Input), ("cache_read", CacheRead), ("cache_write", CacheWrite), ("cache_write_1h", CacheWrite1H), ("tool_input", ToolInput),
        ("audio_input", AudioInput), ("image_input", ImageInput), ("video_input", VideoInput), ("audio_cache_read", AudioCacheRead),
        ("output", Output), ("reasoning", Reasoning), ("audio_output", AudioOutput), ("image_output", ImageOutput),
    ];

    public long Total => Classes.Sum(tokens => tokens.Count);
}
