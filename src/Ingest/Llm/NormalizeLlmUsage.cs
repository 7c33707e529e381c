using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Ingest.Llm;

/// <summary>
/// <c>POST /api/v1/llm-usage/normalize</c>: how the data of an <c>llm.usage</c> event would be read. Changes nothing; for whoever builds a gateway or
/// reconciles a provider's bill.
/// </summary>
internal static class NormalizeLlmUsage
{
    public static void MapNormalizeLlmUsage(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/llm-usage/normalize", Normalize).RequireScope(Scope.EventsWrite)
            .WithName("normalizeLlmUsage").WithSummary("See how a provider's usage is read into classes of tokens").Produces<LlmUsageBody>()
            .WithExample(
                """
                {"provider":"openai","model":"gpt-5","usage":{"prompt_tokens":1200,"completion_tokens":300,"total_tokens":1500,
                 "prompt_tokens_details":{"cached_tokens":1000},"completion_tokens_details":{"reasoning_tokens":128}}}
                """);

    private static IResult Normalize(JsonElement body)
    {
        if (LlmUsageReader.TryRead(body, out var usage) is { } problem)
        {
            return Problem.Invalid("/usage", "invalid_value", $"The data {problem}.");
        }

        var written = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(written))
        {
            usage!.Write(writer);
        }

        return Results.Bytes(written.WrittenMemory.ToArray(), "application/json");
    }
}

/// <summary>A provider's usage as meters read it at <c>$.llm</c>. Only described here; <see cref="LlmUsage"/> writes it.</summary>
/// <param name="Shape">openai-chat, openai-responses, anthropic, gemini, bedrock, bedrock-invocation or otel: whose way of reporting it is.</param>
/// <param name="Estimated">The sender counted itself because a stream broke off.</param>
/// <param name="Tokens">Disjoint classes; their sum is the total.</param>
/// <param name="Unexplained">The total that the provider states, less the classes.</param>
internal sealed record LlmUsageBody(
    string Version, string Shape, string? Provider, string? Model, [property: JsonPropertyName("request_id")] string? RequestId,
    [property: JsonPropertyName("service_tier")] string? ServiceTier, bool Estimated, IReadOnlyDictionary<string, long> Tokens, long Total,
    long Unexplained, [property: JsonPropertyName("web_searches")] long WebSearches);
