using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Llm;

/// <summary>Raw answers of providers, posted as events and counted by meters.</summary>
public sealed class LlmMetersTests
{
    private const string Hour = "2026-01-14T10:00:00Z 2026-01-14T11:00:00Z";

    /// <summary>
    /// Wrong bills of other gateways, by their issues at BerriAI/litellm and elsewhere: cached tokens charged at the full price, or charged and
    /// subtracted again.
    /// </summary>
    [Fact]
    public async Task Bills_that_others_got_wrong_are_right()
    {
        await using var host = await TestHost.StartAsync();
        var bills = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Ingest", "Llm", "bills.json")))!.AsArray();
        foreach (var (bill, index) in bills.Select((bill, index) => (bill!, index)))
        {
            const string Tokens = "$.llm.tokens";
            var cents = bill["centsPerMillion"]!;
            await CreateAsync(host, new JsonObject
            {
                ["slug"] = $"cost_{index}", ["aggregation"] = "SUM", ["eventType"] = "llm.usage",
                ["eventFilters"] = new JsonObject { ["$.row"] = new JsonObject { ["$eq"] = $"{index}" } },
                ["valueExpression"] = $"({cents["input"]} * {Tokens}.input + {cents["cache_read"]} * {Tokens}.cache_read"
                    + $" + {cents["cache_write"]} * {Tokens}.cache_write + {cents["output"]} * ({Tokens}.output + {Tokens}.reasoning)) / 1000000",
            });

            await host.PostEventsAsync(Event($"{index}", $$"""{"row":{{index}},"usage":{{bill["usage"]!.ToJsonString()}}}"""));

            Assert.Equal($"{bill["name"]}: {Hour} {bill["cents"]}", $"{bill["name"]}: {await host.QueryAsync($"cost_{index}")}");
        }
    }

    [Fact]
    public async Task The_sample_meters_count_what_providers_report()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        var anthropic = Event("1", """
            {"provider":"anthropic","model":"large","usage":{"input_tokens":10,"cache_read_input_tokens":1000,"cache_creation_input_tokens":100,
             "cache_creation":{"ephemeral_1h_input_tokens":40,"ephemeral_5m_input_tokens":60},"output_tokens":5}}
            """);
        var openAi = Event("2", """
            {"provider":"openai","response":{"model":"gpt-5","id":"r1","usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":150,
             "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":16},"completion_tokens_details":{"reasoning_tokens":7}}}}
            """);

        var report = await host.PostEventsAsync(anthropic, openAi);

        Assert.All(report["results"]!.AsArray(), result => Assert.Null(result!["reason"]));
        Assert.Equal($"{Hour} model=gpt-5 20\n{Hour} model=large 10", await host.QueryAsync("llm_input_tokens", "groupBy=model"));
        Assert.Equal($"{Hour} 1064", await host.QueryAsync("llm_cache_read_tokens"));
        Assert.Equal($"{Hour} 60", await host.QueryAsync("llm_cache_write_tokens"));
        Assert.Equal($"{Hour} 40", await host.QueryAsync("llm_cache_write_1h_tokens"));
        Assert.Equal($"{Hour} 18", await host.QueryAsync("llm_output_tokens"));
        Assert.Equal($"{Hour} 7", await host.QueryAsync("llm_reasoning_tokens"));
        Assert.Equal($"{Hour} 16", await host.QueryAsync("llm_audio_input_tokens"));
        Assert.Equal($"{Hour} provider=anthropic 1\n{Hour} provider=openai 1", await host.QueryAsync("llm_calls", "groupBy=provider"));
        Assert.Equal($"{Hour} model=gpt-5 30", await host.QueryAsync("llm_unexplained_tokens", "groupBy=model"));
        Assert.Equal($"{Hour} model=gpt-5 106.4\n{Hour} model=large 2850", (await host.QueryAsync("llm_credits", "groupBy=model")));
    }

    [Fact]
    public async Task The_event_is_stored_as_it_was_sent_and_sent_again_it_is_the_same()
    {
        await using var host = await TestHost.StartAsync();
        var sent = Event("1", """{"provider":"openai","llm":{"mine":1},"usage":{"prompt_tokens":5,"completion_tokens":1}}""");
        await host.PostEventsAsync(sent);
        await SampleMeters.CreateAsync(host, "llm.json");

        var again = await host.PostEventsAsync(sent);

        Assert.Equal(1, (int)again["duplicate"]!);
        var stored = (await host.GetAsync("/api/v1/events?from=2026-01-14T00:00:00Z")).AsArray().Single()!["event"]!;
        Assert.Equal(sent["data"]!.ToJsonString(), stored["data"]!.ToJsonString());
        Assert.Equal($"{Hour} 5", await host.QueryAsync("llm_input_tokens"));
    }

    [Fact]
    public async Task A_usage_that_contradicts_itself_is_stored_and_marked()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        var own = new JsonObject
        {
            ["slug"] = "own", ["aggregation"] = "COUNT", ["eventType"] = "llm.usage", ["groupBy"] = new JsonObject { ["route"] = "$.route" },
        };
        await CreateAsync(host, own);

        var report = await host.PostEventsAsync(
            Event("1", """{"route":"a","usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}}"""), Event("2", null));

        Assert.StartsWith(
            "The event says that 2 of 1 prompt_tokens are cached or written to the cache, which meter llm_",
            (string)report["results"]![0]!["reason"]!,
            StringComparison.Ordinal);
        Assert.StartsWith("The event has no usage or response", (string)report["results"]![1]!["reason"]!, StringComparison.Ordinal);
        Assert.Equal("", await host.QueryAsync("llm_input_tokens"));
        Assert.Equal($"{Hour} route=- 1\n{Hour} route=a 1", await host.QueryAsync("own", "groupBy=route"));
    }

    [Fact]
    public async Task The_reading_of_a_usage_can_be_asked_for()
    {
        await using var host = await TestHost.StartAsync();
        const string Body = """{"provider":"openai","model":"gpt-5","usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}}""";

        using var answered = await host.Client.PostAsync("/api/v1/llm-usage/normalize", Json(Body));
        using var refused = await host.Client.PostAsync("/api/v1/llm-usage/normalize", Json("""{"usage":{"prompt_tokens":-9}}"""));
        using var broken = await host.Client.PostAsync("/api/v1/llm-usage/normalize", Json("""{"usage":"""));

        var usage = JsonNode.Parse(await answered.Content.ReadAsStringAsync())!;
        Assert.Equal("llm-usage.v1 openai-chat openai gpt-5 5 4", string.Join(
            ' ', usage["version"], usage["shape"], usage["provider"], usage["model"], usage["tokens"]!["input"], usage["tokens"]!["cache_read"]));
        var problem = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        Assert.Equal(
            "400 /usage invalid_value The data has no count at prompt_tokens.",
            $"{(int)refused.StatusCode} {problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]} {problem["errors"]![0]!["message"]}");
        Assert.Equal(400, (int)broken.StatusCode);
    }

    private static JsonObject Event(string id, string? data) =>
        EventPosting.Event(id, "2026-01-14T10:00:00Z", data is null ? null : JsonNode.Parse(data), type: "llm.usage");

    private static async Task CreateAsync(TestHost host, JsonNode meter) => await host.PostAsync("/api/v1/meters", meter, 201);

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
