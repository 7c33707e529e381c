using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Subscriptions.Tests.Leases;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Features;

public sealed class FeatureTests : IAsyncLifetime
{
    private TestHost host = null!;
    private int events;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.PostAsync("/api/v1/meters", Some.Json("""
            {"slug":"tokens","aggregation":"SUM","eventType":"llm","valueProperty":"$.tokens","groupBy":{"model":"$.model","kind":"$.kind"}}
            """), 201);
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_feature_shows_its_filters_and_its_cost_as_they_were_written()
    {
        var advanced = await host.PostAsync("/api/v1/features", Some.Json("""
            {"key":"gpt","name":"GPT","meterSlug":"tokens","unitCost":{"type":"manual","amount":"0.0000025"},
             "advancedMeterGroupByFilters":{"model":{"$like":"gpt%"},"kind":{"$in":["input","output"]}}}
            """), 201);
        var plain = await host.PostAsync(
            "/api/v1/features", Some.Json("""{"key":"small","name":"S","meterSlug":"tokens","meterGroupByFilters":{"model":"small"}}"""), 201);

        Assert.Equal("""{"kind":{"$in":["input","output"]},"model":{"$like":"gpt%"}}""", advanced["advancedMeterGroupByFilters"]!.ToJsonString());
        Assert.Null(advanced["meterGroupByFilters"]);
        Assert.Equal("""{"type":"manual","amount":"0.0000025"}""", advanced["unitCost"]!.ToJsonString());
        Assert.Equal("""{"model":"small"}""", plain["meterGroupByFilters"]!.ToJsonString());
        Assert.Equal("""{"model":{"$eq":"small"}}""", plain["advancedMeterGroupByFilters"]!.ToJsonString());
        Assert.Equal(advanced.ToJsonString(), (await host.GetAsync("/api/v1/features/gpt")).ToJsonString());
        Assert.Equal(plain.ToJsonString(), (await host.GetAsync($"/api/v1/features/{plain["id"]}")).ToJsonString());
    }

    [Fact]
    public async Task Only_the_usage_that_passes_the_filters_counts_against_the_entitlement()
    {
        await FilteredAsync();
        await Some.CustomerAsync(host, "acme");
        var entitlement = await EntitleAsync("gpt", 100);

        await UseAsync(("gpt-5", "input", 30), ("gpt-5", "cached", 500), ("small", "input", 900), (null, "input", 70));

        var value = await host.GetAsync("/api/v2/customers/acme/entitlements/gpt/value");
        Assert.Equal((30m, 70m), ((decimal)value["usage"]!, (decimal)value["balance"]!));
        var lease = await host.AskAsync((string)entitlement["id"]!, wanted: 100, needed: 1);
        Assert.Equal(70, lease.Granted + lease.Free);
        await UseAsync(("gpt-5-mini", "output", 30), ("other", "output", 1_000));
        Assert.Equal(40, (await host.AskAsync((string)entitlement["id"]!, wanted: 0)).Free + lease.Granted);
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        var history = await host.GetAsync("/api/v2/customers/acme/entitlements/gpt/history?windowSize=DAY");
        Assert.Equal(60m, history["windowedHistory"]!.AsArray().Sum(window => (decimal)window!["usage"]!));
    }

    [Fact]
    public async Task Two_features_share_a_meter_and_each_counts_its_own_part()
    {
        await FilteredAsync();
        await host.PostAsync("/api/v1/features", Some.Json("""
            {"key":"rest","name":"Rest","meterSlug":"tokens","advancedMeterGroupByFilters":{"model":{"$nlike":"gpt%"}}}
            """), 201);
        await Some.CustomerAsync(host, "acme");
        await EntitleAsync("gpt", 100);
        await EntitleAsync("rest", 100);

        await UseAsync(("gpt-5", "input", 30), ("small", "input", 5), (null, "input", 7));

        var access = (await host.GetAsync("/api/v1/customers/acme/access"))["entitlements"]!;
        Assert.Equal((30m, 12m), ((decimal)access["gpt"]!["usage"]!, (decimal)access["rest"]!["usage"]!));
    }

    [Fact]
    public async Task A_key_is_free_again_when_its_feature_is_archived_and_who_has_the_old_one_keeps_it()
    {
        await FilteredAsync();
        await Some.CustomerAsync(host, "acme");
        await EntitleAsync("gpt", 100);
        var old = await host.GetAsync("/api/v1/features/gpt");

        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/features/gpt")).StatusCode);
        await host.GetAsync("/api/v1/features/gpt", 404);
        var again = await host.PostAsync("/api/v1/features", Some.Json("""{"key":"gpt","name":"New","meterSlug":"tokens"}"""), 201);

        await UseAsync(("gpt-5", "input", 30), ("small", "input", 5));
        Assert.Equal(30m, (decimal)(await host.GetAsync("/api/v2/customers/acme/entitlements/gpt/value"))["usage"]!);
        Assert.NotNull((await host.GetAsync($"/api/v1/features/{old["id"]}"))["archivedAt"]);
        Assert.Equal((string?)again["id"], (string?)(await host.GetAsync("/api/v1/features/gpt"))["id"]);
        Assert.Single((await host.GetAsync("/api/v1/features")).AsArray());
        Assert.Equal(2, (await host.GetAsync("/api/v1/features?includeArchived=true")).AsArray().Count);
    }

    [Theory]
    [InlineData("", "list b a c")]
    [InlineData("orderBy=key", "list a b c")]
    [InlineData("orderBy=name&order=DESC", "list c b a")]
    [InlineData("limit=1&offset=1", "list a")]
    [InlineData("meterSlug=tokens", "list b c")]
    [InlineData("meterSlug=tokens&meterSlug=nothing", "list b c")]
    [InlineData("meterSlug=nothing", "list")]
    [InlineData("page=1&pageSize=2&orderBy=key", "page 3 a b")]
    [InlineData("page=2&pageSize=2&orderBy=key", "page 3 c")]
    public async Task Features_are_listed_plainly_or_by_the_page(string query, string expected)
    {
        foreach (var (key, meter) in new[] { ("b", """, "meterSlug":"tokens" """), ("a", ""), ("c", """, "meterSlug":"tokens" """) })
        {
            await host.AdvanceToAsync(NodaTime.Text.InstantPattern.ExtendedIso.Format(host.Now + NodaTime.Duration.FromSeconds(1)));
            await host.PostAsync("/api/v1/features", Some.Json($$"""{"key":"{{key}}","name":"Name {{key}}"{{meter}}}"""), 201);
        }

        var answer = await host.GetAsync($"/api/v1/features?{query}");

        var isPage = answer is JsonObject;
        var keys = (isPage ? answer["items"]! : answer).AsArray().Select(feature => (string)feature!["key"]!);
        Assert.Equal(expected, string.Join(' ', [isPage ? $"page {answer["totalCount"]}" : "list", .. keys]));
    }

    private Task FilteredAsync() => host.PostAsync("/api/v1/features", Some.Json("""
        {"key":"gpt","name":"GPT","meterSlug":"tokens",
         "advancedMeterGroupByFilters":{"model":{"$like":"gpt%"},"kind":{"$in":["input","output"]}}}
        """), 201);

    private Task<JsonNode> EntitleAsync(string feature, int amount) => host.PostAsync(
        "/api/v2/customers/acme/entitlements",
        Some.Json($$$"""{"type":"metered","featureKey":"{{{feature}}}","usagePeriod":{"interval":"MONTH"},"issue":{"amount":{{{amount}}}}}"""), 201);

    private async Task UseAsync(params (string? Model, string Kind, int Tokens)[] used)
    {
        var at = host.Now.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var batch = new JsonArray([.. used.Select(one => (JsonNode)new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = $"f{++events}", ["source"] = "test", ["type"] = "llm", ["subject"] = "acme-app", ["time"] = at,
            ["data"] = one.Model is null
                ? new JsonObject { ["tokens"] = one.Tokens, ["kind"] = one.Kind }
                : new JsonObject { ["tokens"] = one.Tokens, ["kind"] = one.Kind, ["model"] = one.Model },
        })]);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(batch.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents-batch+json");
        using var response = await host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
        await Shop.SettleAsync(host);
    }
}
