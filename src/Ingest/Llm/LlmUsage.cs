using System.Text.Json;

namespace Metering.Ingest.Llm;

/// <summary>What one call of a model used, whoever served it: <c>schemas/llm-usage.v1.json</c>.</summary>
/// <param name="Shape">Whose way of reporting it is: the provider is only a label.</param>
/// <param name="Estimated">The sender says that a stream broke off and it counted itself.</param>
/// <param name="Unexplained">The total that the provider states, less the classes; zero when it states none.</param>
/// <param name="WebSearches">Searches and fetches that the provider charges by the piece.</param>
internal sealed record LlmUsage(
    string Shape,
    string? Provider,
    string? Model,
    string? RequestId,
    string? ServiceTier,
    bool Estimated,
    LlmTokens Tokens,
    long Unexplained,
    long WebSearches)
{
    public const string Version = "llm-usage.v1";

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("version", Version);
        writer.WriteString("shape", Shape);
        WriteIfKnown(writer, "provider", Provider);
        WriteIfKnown(writer, "model", Model);
        WriteIfKnown(writer, "request_id", RequestId);
        WriteIfKnown(writer, "service_tier", ServiceTier);
        writer.WriteBoolean("estimated", Estimated);
        writer.WriteStartObject("tokens");
        foreach (var (name, count) in Tokens.Classes)
        {
            writer.WriteNumber(name, count);
        }

        writer.WriteEndObject();
        writer.WriteNumber("total", Tokens.Total);
        writer.WriteNumber("unexplained", Unexplained);
        writer.WriteNumber("web_searches", WebSearches);
        writer.WriteEndObject();
    }

    private static void WriteIfKnown(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }
}
