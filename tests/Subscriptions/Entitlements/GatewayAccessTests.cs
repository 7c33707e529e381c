using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

/// <summary>What Kong's plugin asks, in its own words.</summary>
public sealed class GatewayAccessTests
{
    private const string Path = "/api/v3/openmeter/entitlement-access/query";

    [Fact]
    public async Task Customers_are_found_by_key_and_by_subject_and_every_feature_has_an_answer()
    {
        await using var host = await OpenAsync();
        await CreditShop.EntitledAsync(host, """{"issue":{"amount":5}}""");

        var answer = await host.PostAsync(
            Path, Some.Json("""{"customer":{"keys":["acme","acme-app","acme","ghost"]},"feature":{"keys":["units","sso","nothing"]}}"""), 200);

        var one = answer["data"]!.AsArray().Single()!;
        Assert.Equal(["acme", "acme-app"], one["matched"]!.AsArray().Select(key => (string)key!));
        Assert.Equal(("acme", "acme-app"), ((string)one["customer"]!["key"]!, (string)one["customer"]!["usage_attribution"]!["subject_keys"]![0]!));
        Assert.Equal("""{"has_access":true}""", one["features"]!["units"]!.ToJsonString());
        Assert.Equal("feature_unavailable", (string)one["features"]!["sso"]!["reason"]!["code"]!);
        Assert.Equal("feature_not_found", (string)one["features"]!["nothing"]!["reason"]!["code"]!);
        Assert.Equal("customer_not_found ghost", $"{answer["errors"]![0]!["code"]} {answer["errors"]![0]!["customer"]}");
        var page = answer["meta"]!["page"]!.AsObject();
        Assert.True(page.ContainsKey("next") && page["next"] is null && page.ContainsKey("previous"));
        Assert.Equal(100, (int)page["size"]!);
    }

    [Fact]
    public async Task Without_a_filter_every_feature_is_answered()
    {
        await using var host = await OpenAsync();
        await host.PostAsync("/api/v2/customers/acme/entitlements", Some.Json("""{"type":"boolean","featureKey":"sso"}"""), 201);

        var answer = await host.PostAsync(Path, Some.Json("""{"customer":{"keys":["acme"]}}"""), 200);

        Assert.Equal(["sso", "units"], answer["data"]![0]!["features"]!.AsObject().Select(feature => feature.Key));
        Assert.True((bool)answer["data"]![0]!["features"]!["sso"]!["has_access"]!);
    }

    [Fact]
    public async Task A_limit_that_comes_back_is_usage_and_one_that_does_not_is_credit()
    {
        await using var host = await OpenAsync();
        await CreditShop.EntitledAsync(host);
        await CreditShop.GrantedAsync(host, 5);
        await CreditShop.UseAsync(host, 5);

        Assert.Equal("usage_limit_reached", await ReasonAsync(host, includeCredits: false));
        Assert.Equal("no_credit_available", await ReasonAsync(host, includeCredits: true));
        await CreditShop.GrantedAsync(host, 1, """{"recurrence":{"interval":"DAY"}}""");
        await CreditShop.UseAsync(host, 1);
        Assert.Equal("usage_limit_reached", await ReasonAsync(host, includeCredits: true));
        await CreditShop.GrantedAsync(host, 3);
        Assert.Null(await ReasonAsync(host, includeCredits: true));
    }

    [Fact]
    public async Task Pages_follow_each_other_in_both_directions()
    {
        await using var host = await OpenAsync();
        foreach (var (day, key) in new[] { (2, "two"), (3, "three") })
        {
            await host.AdvanceToAsync($"2026-01-0{day}T00:00:00Z");
            await Some.CustomerAsync(host, key);
        }

        var body = Some.Json("""{"customer":{"keys":["three","acme","two"]},"feature":{"keys":["sso"]}}""");
        var first = await host.PostAsync($"{Path}?page%5Bsize%5D=2", body, 200);
        var second = await host.PostAsync((string)first["meta"]!["page"]!["next"]!, body, 200);
        var back = await host.PostAsync((string)second["meta"]!["page"]!["previous"]!, body, 200);

        Assert.Equal(["acme", "two"], Keys(first));
        Assert.Equal(["three"], Keys(second));
        Assert.Equal(["acme", "two"], Keys(back));
        Assert.Null(second["meta"]!["page"]!["next"]);
        Assert.Null(back["meta"]!["page"]!["previous"]);
    }

    [Fact]
    public async Task Everything_a_customer_is_entitled_to_is_listed()
    {
        await using var host = await OpenAsync();
        var id = (string)(await CreditShop.EntitledAsync(host))["customerId"]!;
        await host.PostAsync(
            "/api/v2/customers/acme/entitlements", Some.Json("""{"type":"static","featureKey":"sso","config":"{\"seats\":5}"}"""), 201);

        var answer = await host.GetAsync($"/api/v3/openmeter/customers/{id}/entitlement-access");

        Assert.Equal(
            """[{"type":"static","feature_key":"sso","has_access":true,"config":"{\u0022seats\u0022:5}"},"""
            + """{"type":"metered","feature_key":"units","has_access":false}]""",
            answer["data"]!.ToJsonString());
    }

    private static async Task<TestHost> OpenAsync()
    {
        var host = await CreditShop.OpenAsync();
        await Some.FeatureAsync(host, "sso");
        return host;
    }

    private static async Task<string?> ReasonAsync(TestHost host, bool includeCredits)
    {
        var body = Some.Json("""{"customer":{"keys":["acme"]},"feature":{"keys":["units"]}}""");
        body["include_credits"] = includeCredits;
        return (string?)(await host.PostAsync(Path, body, 200))["data"]![0]!["features"]!["units"]!["reason"]?["code"];
    }

    private static IEnumerable<string> Keys(JsonNode answer) => answer["data"]!.AsArray().Select(one => (string)one!["customer"]!["key"]!);
}
