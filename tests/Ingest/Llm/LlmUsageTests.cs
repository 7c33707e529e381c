using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Llm;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Llm;

/// <summary>What providers report, read into disjoint classes. The payloads have the shapes of real answers.</summary>
public sealed class LlmUsageTests
{
    [Fact]
    public void Each_provider_is_read_into_disjoint_classes()
    {
        foreach (var payload in Rows("payloads.json"))
        {
            Assert.Equal($"{payload["name"]}: {payload["expected"]}", $"{payload["name"]}: {Read(payload["data"]!)}");
        }
    }

    [Fact]
    public void What_contradicts_itself_says_why()
    {
        foreach (var row in Rows("unreadable.json"))
        {
            var data = row["data"]?.ToJsonString() ?? "null";
            Assert.StartsWith($"{data}: {row["problem"]}", $"{data}: {Read(row["data"])}", StringComparison.Ordinal);
        }
    }

    /// <summary>However a call is split into classes, their sum is what the provider reports in all, in each of the shapes.</summary>
    [Fact]
    public void The_classes_sum_to_what_the_provider_counts()
    {
        var seed = (ulong)System.Diagnostics.Stopwatch.GetTimestamp();
        var parts = Gen.Choose(0, 5_000).ListOf(6).Sample(1_000, new Rnd(seed), 50);
        foreach (var p in parts.Select(list => list.ToArray()))
        {
            var (text, cached, written, output, reasoning, tools) = (p[0], p[1], p[2], p[3], p[4], p[5]);
            JsonObject[] shapes =
            [
                new()
                {
                    ["prompt_tokens"] = text + cached + written, ["completion_tokens"] = output + reasoning,
                    ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = cached, ["cache_write_tokens"] = written },
                    ["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = reasoning },
                },
                new()
                {
                    ["input_tokens"] = text, ["cache_read_input_tokens"] = cached, ["cache_creation_input_tokens"] = written,
                    ["output_tokens"] = output + reasoning, ["output_tokens_details"] = new JsonObject { ["thinking_tokens"] = reasoning },
                },
                new()
                {
                    ["promptTokenCount"] = text + written + cached, ["cachedContentTokenCount"] = cached, ["candidatesTokenCount"] = output,
                    ["thoughtsTokenCount"] = reasoning, ["toolUsePromptTokenCount"] = tools,
                },
                new()
                {
                    ["inputTokens"] = text, ["cacheReadInputTokens"] = cached, ["cacheWriteInputTokens"] = written,
                    ["outputTokens"] = output + reasoning,
                },
            ];
            var sum = text + cached + written + output + reasoning;
            foreach (var (shape, index) in shapes.Select((shape, index) => (shape, index)))
            {
                using var document = JsonDocument.Parse(new JsonObject { ["usage"] = shape }.ToJsonString());
                Assert.Null(LlmUsageReader.TryRead(document.RootElement, out var usage));
                Assert.True(usage!.Tokens.Total == sum + (index == 2 ? tools : 0), $"seed {seed}: {document.RootElement}");
                Assert.All(usage.Tokens.Classes, tokens => Assert.True(tokens.Count >= 0));
            }
        }
    }

    [Fact]
    public void The_schema_names_the_classes_that_there_are()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "llm-usage.v1.json")))!;
        var tokens = schema["properties"]!["tokens"]!;

        Assert.Equal(new LlmTokens().Classes.Select(item => item.Name), tokens["properties"]!.AsObject().Select(item => item.Key));
        Assert.Equal(new LlmTokens().Classes.Select(item => item.Name), tokens["required"]!.AsArray().Select(item => (string)item!));
        var shapes = schema["properties"]!["shape"]!["enum"]!.AsArray().Select(item => (string)item!);
        Assert.Equal(shapes.Order(), Rows("payloads.json").Select(row => ((string)row["expected"]!).Split(' ')[0]).Distinct().Order());
    }

    private static IEnumerable<JsonNode> Rows(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Ingest", "Llm", file)))!.AsArray().Select(row => row!);

    private static string Read(JsonNode? data)
    {
        using var document = JsonDocument.Parse(data?.ToJsonString() ?? "null");
        if (LlmUsageReader.TryRead(document.RootElement, out var usage) is { } problem)
        {
            return problem;
        }

        var classes = string.Concat(usage!.Tokens.Classes.Where(item => item.Count > 0).Select(item => $" {item.Name}={item.Count}"));
        var others = string.Concat(
            usage.Unexplained == 0 ? "" : $" unexplained={usage.Unexplained}", usage.WebSearches == 0 ? "" : $" searches={usage.WebSearches}");
        var labels = string.Concat(
            usage.Model is null ? "" : $" model={usage.Model}", usage.RequestId is null ? "" : $" request={usage.RequestId}",
            usage.ServiceTier is null ? "" : $" tier={usage.ServiceTier}", usage.Estimated ? " estimated" : "");
        return $"{usage.Shape}{classes} total={usage.Tokens.Total}{others}{labels}";
    }
}
