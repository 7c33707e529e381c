using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.Ingest.Llm;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>What a call of a model used, read from what its provider reported exactly as the ledger reads it.</summary>
/// <param name="Units">As the feature counts them.</param>
/// <param name="Model">As the provider names it; null when it does not.</param>
internal readonly record struct ActualUsage(long Units, long OutputTokens, string? Model)
{
    /// <param name="data">Of the event: a usage or a response of a provider, or the fields of a usage themselves.</param>
    /// <param name="usage">Null when nothing is reported.</param>
    /// <returns>What is wrong with the report, as what the data does; null when nothing is.</returns>
    public static string? TryRead(JsonElement data, CountedTokens counts, out ActualUsage? usage)
    {
        usage = null;
        if (data.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var problem = LlmUsageReader.TryRead(data, out var reported);
        if (reported is not null && problem is null)
        {
            usage = Of(reported, counts);
            return null;
        }

        return data.TryGetProperty("usage", out _) || data.TryGetProperty("response", out _) ? problem : TryReadFields(data, counts, out usage);
    }

    private static string? TryReadFields(JsonElement data, CountedTokens counts, out ActualUsage? usage)
    {
        usage = null;
        var wrapped = new ArrayBufferWriter<byte>();
        wrapped.Write("{\"usage\":"u8);
        wrapped.Write(JsonMarshal.GetRawUtf8Value(data));
        wrapped.Write("}"u8);
        using var document = JsonDocument.Parse(wrapped.WrittenMemory);
        if (LlmUsageReader.TryRead(document.RootElement, out var reported) is null && reported is not null)
        {
            var model = data.TryGetProperty("model", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
            usage = Of(reported, counts) with { Model = model };
        }
        else if (counts == CountedTokens.Total && data.TryGetProperty("total_tokens", out var total)
            && total.ValueKind == JsonValueKind.Number && total.TryGetInt64(out var tokens) && tokens >= 0)
        {
            usage = new ActualUsage(tokens, 0, null);
        }

        return null;
    }

    private static ActualUsage Of(LlmUsage usage, CountedTokens counts)
    {
        var tokens = usage.Tokens;
        var output = tokens.Output + tokens.Reasoning + tokens.AudioOutput + tokens.ImageOutput;
        var units = counts switch
        {
            CountedTokens.Input => tokens.Total - output,
            CountedTokens.Output => output,
            CountedTokens.Total => tokens.Total,
        };
        return new ActualUsage(units, output, usage.Model);
    }
}
