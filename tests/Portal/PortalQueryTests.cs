using System.Net;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Portal.Tests;

/// <summary>What a customer's own page asks with a portal token.</summary>
public sealed class PortalQueryTests
{
    private const string Query = "/api/v1/portal/meters/tokens/query?from=2026-01-10T00:00:00Z&to=2026-01-11T00:00:00Z";

    [Fact]
    public async Task A_token_of_a_subject_asks_about_the_subject_and_one_of_a_customer_about_all_of_its()
    {
        await using var host = await StartAsync();
        var subject = await TokenAsync(host, ("subject", "acme-1"));
        var customer = await TokenAsync(host, ("customerKey", "acme"));

        Assert.Equal((200, "10"), await AskAsync(host, subject, Query));
        Assert.Equal((200, "30"), await AskAsync(host, customer, Query));
        Assert.Equal((200, "10"), await AskAsync(host, subject, $"{Query}&groupBy=subject&windowSize=DAY"));
    }

    [Fact]
    public async Task A_token_can_not_ask_about_anybody_else()
    {
        await using var host = await StartAsync();
        var token = await TokenAsync(host, ("subject", "acme-1"));

        Assert.Equal((400, "not_supported"), await AskAsync(host, token, $"{Query}&subject=stranger"));
        Assert.Equal((400, "not_supported"), await AskAsync(host, token, $"{Query}&filterCustomerId=01G65Z755AFWAKHE12NY0CQ9FH"));
        Assert.Equal((401, ""), await AskAsync(host, token, "/api/v1/meters/tokens/query"));
        Assert.Equal((401, ""), await AskAsync(host, TestHost.AdminKey, Query));
        Assert.Equal((401, ""), await AskAsync(host, "", Query));
        Assert.Equal((404, ""), await AskAsync(host, token, "/api/v1/portal/meters/nothing/query"));
    }

    [Fact]
    public async Task A_token_of_some_meters_asks_about_them_alone_and_opens_no_page()
    {
        await using var host = await StartAsync();
        var made = await host.PostAsync("/api/v1/portal/tokens", new JsonObject
        {
            ["subject"] = "acme-1", ["allowedMeterSlugs"] = new JsonArray("requests"),
        });
        var token = (string)made["token"]!;
        using var visitor = new HttpClient { BaseAddress = host.Url };

        Assert.Null(made["url"]);
        Assert.Equal((403, ""), await AskAsync(host, token, Query));
        Assert.Equal((200, "1"), await AskAsync(host, token, Query.Replace("tokens", "requests", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Gone, (await visitor.GetAsync($"/portal/link/{token}")).StatusCode);
    }

    [Fact]
    public async Task A_token_ends_when_it_is_invalidated_or_its_time_is_over()
    {
        await using var host = await StartAsync();
        var first = await host.PostAsync("/api/v1/portal/tokens", new JsonObject { ["subject"] = "acme-1" });
        var second = await TokenAsync(host, ("customerKey", "acme"), ("expiresAfter", "PT1H"));
        var listed = (await host.GetAsync("/api/v1/portal/tokens?limit=10", 200)).AsArray();
        Assert.Equal([false, false], listed.Select(token => (bool)token!["expired"]!));
        Assert.All(listed, token => Assert.Null(token!["token"]));

        await host.PostAsync("/api/v1/portal/tokens/invalidate", new JsonObject { ["id"] = (string)first["id"]! }, 204);
        await host.AdvanceToAsync(host.Now.Plus(NodaTime.Duration.FromHours(1)).ToString());

        Assert.Equal((401, ""), await AskAsync(host, (string)first["token"]!, Query));
        Assert.Equal((401, ""), await AskAsync(host, second, Query));
        Assert.Equal([true, true], (await host.GetAsync("/api/v1/portal/tokens", 200)).AsArray().Select(token => (bool)token!["expired"]!));
        await host.GetAsync("/api/v1/portal/tokens?limit=101", 400);
    }

    private static async Task<TestHost> StartAsync()
    {
        var host = await TestHost.StartAsync();
        foreach (var (slug, aggregation) in new[] { ("tokens", "SUM"), ("requests", "COUNT") })
        {
            await host.PostAsync("/api/v1/meters", new JsonObject
            {
                ["slug"] = slug, ["aggregation"] = aggregation, ["eventType"] = "prompt", ["valueProperty"] = "$.tokens",
            });
        }

        await host.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = "Acme", ["key"] = "acme", ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray("acme-1", "acme-2") },
        });
        var tokens = 10;
        foreach (var subject in new[] { "acme-1", "acme-2", "stranger" })
        {
            await host.PostAsync("/api/v1/events", new JsonObject
            {
                ["specversion"] = "1.0", ["id"] = subject, ["source"] = "gateway", ["type"] = "prompt", ["subject"] = subject,
                ["time"] = "2026-01-10T10:00:00Z", ["data"] = new JsonObject { ["tokens"] = tokens },
            });
            tokens += 10;
        }

        return host;
    }

    private static async Task<string> TokenAsync(TestHost host, params (string Name, string Value)[] fields)
    {
        var body = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Value)));
        return (string)(await host.PostAsync("/api/v1/portal/tokens", body))["token"]!;
    }

    /// <summary>The status, and the one value of the answer or the code of what is wrong with the request.</summary>
    private static async Task<(int Status, string Told)> AskAsync(TestHost host, string token, string path)
    {
        using var client = host.ClientWith(token);
        using var response = await client.GetAsync(path);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        var told = response.IsSuccessStatusCode ? answer["data"]![0]!["value"]!.ToJsonString() : (string?)answer["errors"]?[0]?["code"];
        return ((int)response.StatusCode, told ?? "");
    }
}
