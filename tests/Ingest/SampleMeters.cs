using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Ingest.Tests;

/// <summary>The meters of <c>samples/meters</c>, created as an operator would.</summary>
internal static class SampleMeters
{
    public static async Task CreateAsync(TestHost host, string file)
    {
        var meters = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples", "meters", file));
        foreach (var meter in JsonNode.Parse(meters)!.AsArray())
        {
            await host.PostAsync("/api/v1/meters", meter!, 201);
        }
    }
}
