using System.Text.Json;

namespace Metering.Ingest.Bench.Wire;

/// <summary>A usage event as an object, as a service would have it that serialises typed messages.</summary>
internal sealed record TypedEvent(
    string Specversion, string Id, string Source, string Type, string Subject, DateTimeOffset Time, TypedUsage Data)
{
    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

/// <summary>The data of <see cref="EventGenerator"/>'s events.</summary>
internal sealed record TypedUsage(
    string Model, string Route, int Status, int InputTokens, int OutputTokens, int TotalTokens, int DurationMs, string Region, bool Stream);
