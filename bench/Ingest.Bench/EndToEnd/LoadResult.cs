using System.Text.Json;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>What the load generator has seen.</summary>
/// <param name="Accepted">Events.</param>
/// <param name="Refused">Requests that were answered with 429 or 503 and sent again.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="P50">Milliseconds from request to answer.</param>
/// <param name="ProcessorSeconds">Of the generator itself.</param>
internal sealed record LoadResult(long Accepted, long Refused, double Seconds, double P50, double P99, double ProcessorSeconds)
{
    /// <summary>Events that were accepted while warming up.</summary>
    public long Before { get; init; }

    public string ToText() => JsonSerializer.Serialize(this);

    public static LoadResult Parse(string text) => JsonSerializer.Deserialize<LoadResult>(text)!;
}
