using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Plans;

/// <summary>A draft may contradict itself while somebody works on it; what is published may not.</summary>
public sealed class PlanFindingsTests
{
    [Theory]
    [InlineData("""{"type":"tiered","mode":"graduated","tiers":[]}""", "/price/tiers", "no_tiers")]
    [InlineData(
        """{"type":"tiered","mode":"volume","tiers":[{"flatPrice":null,"unitPrice":{"type":"unit","amount":"1"},"upToAmount":"5"}]}""",
        "/price/tiers/0/upToAmount", "last_tier_not_open")]
    [InlineData(
        """
        {"type":"tiered","mode":"graduated","tiers":[{"flatPrice":null,"unitPrice":{"type":"unit","amount":"1"}},
         {"flatPrice":null,"unitPrice":{"type":"unit","amount":"2"}}]}
        """,
        "/price/tiers/0/upToAmount", "open_tier_not_last")]
    [InlineData(
        """{"type":"graduated_percentage","rates":[{"rate":"1","upToAmount":"9"},{"rate":"2","upToAmount":"5"},{"rate":"3"}]}""",
        "/price/rates/1/upToAmount", "tiers_not_ascending")]
    [InlineData("""{"type":"unit","amount":"1","minimumAmount":"9","maximumAmount":"5"}""", "/price/minimumAmount", "minimum_above_maximum")]
    [InlineData(
        """{"type":"percentage","rate":"1","perTransactionMinimum":"9","perTransactionMaximum":"5"}""",
        "/price/perTransactionMinimum", "minimum_above_maximum")]
    [InlineData(
        """{"type":"dimensional","dimensions":["model"],"cells":[{"values":{"model":"a"},"amount":"1"},{"values":{"model":"a"},"amount":"2"}]}""",
        "/price/cells/1/values", "duplicate_cell")]
    [InlineData(
        """
        {"type":"dimensional","dimensions":["model"],"cells":[{"values":{"model":"a"},"amount":"1"}],"knownValues":[{"model":["a","b"]}]}
        """,
        "/price/cells", "unpriced_dimension_value")]
    public async Task A_draft_is_kept_with_its_findings_and_not_published(string price, string field, string code)
    {
        await using var host = await Shop.OpenAsync();
        var at = "/phases/0/rateCards/0" + field;

        var draft = await host.PostAsync("/api/v1/plans", Some.Plan("gold", Card(price)), 201);

        Assert.Equal([$"{at} {code}"], Said(draft["validationErrors"]));
        Assert.Equal([$"{at} {code}"], Said((await host.GetAsync("/api/v1/plans?key=gold"))["items"]![0]!["validationErrors"]));
        var problem = await host.PostAsync("/api/v1/plans/gold/publish", new JsonObject(), 400);
        Assert.Equal((at, code), ((string?)problem["errors"]![0]!["pointer"], (string?)problem["errors"]![0]!["code"]));

        using var mended = await host.Client.PutAsJsonAsync("/api/v1/plans/gold", Some.Plan("gold", Card("""{"type":"unit","amount":"1"}""")));
        Assert.Null(JsonNode.Parse(await mended.Content.ReadAsStringAsync())!["validationErrors"]);
        await host.PostAsync("/api/v1/plans/gold/publish", new JsonObject(), 200);
    }

    [Fact]
    public async Task A_cadence_that_drifts_from_the_plans_is_not_published()
    {
        await using var host = await Shop.OpenAsync();
        var card = Card("""{"type":"unit","amount":"1"}""");
        card["billingCadence"] = "P1W";
        var draft = await host.PostAsync("/api/v1/plans", Some.Plan("gold", card), 201);
        Assert.Equal(["/phases/0/rateCards/0/billingCadence cadence_not_dividing"], Said(draft["validationErrors"]));
        await host.PostAsync("/api/v1/plans/gold/publish", new JsonObject(), 400);
    }

    [Theory]
    [InlineData(
        """
        {"type":"tiered","mode":"volume","tiers":[{"flatPrice":null,"unitPrice":{"type":"unit","amount":"2"},"upToAmount":"15"},
         {"flatPrice":null,"unitPrice":{"type":"unit","amount":"1"}}]}
        """,
        "/price/tiers/1", "price_falls_at_boundary")]
    [InlineData("""{"type":"unit","amount":"0.4"}""", "/price/amount", "negative_margin")]
    [InlineData("""{"type":"dynamic","multiplier":"0.5"}""", "/price/multiplier", "negative_margin")]
    [InlineData(
        """{"type":"overage","includedQuantity":"5","price":{"type":"unit","amount":"0.4"}}""", "/price/price/amount", "negative_margin")]
    [InlineData(
        """{"type":"dimensional","dimensions":["model"],"cells":[{"values":{"model":"a"},"amount":"0.4"}]}""",
        "/price/cells/0/amount", "negative_margin")]
    [InlineData(
        """
        {"type":"dimensional","dimensions":["model"],"default":{"type":"overage","includedQuantity":"5","price":{"type":"unit","amount":"0.4"}}}
        """,
        "/price/default/price/amount", "negative_margin")]
    public async Task What_may_be_meant_is_published_with_a_warning(string price, string field, string code)
    {
        await using var host = await Shop.OpenAsync();
        var card = Card(price);
        card["unitCost"] = "0.5";
        var published = await Some.PublishedAsync(host, Some.Plan("gold", card));
        Assert.Null(published["validationErrors"]);
        Assert.Equal([$"/phases/0/rateCards/0{field} {code}"], Said(published["warnings"]));
    }

    private static IEnumerable<string> Said(JsonNode? findings) =>
        findings!.AsArray().Select(finding => $"{(string?)finding!["field"]} {(string?)finding["code"]}");

    private static JsonObject Card(string price) => new()
    {
        ["type"] = "usage_based", ["key"] = "tokens", ["name"] = "Tokens", ["billingCadence"] = "P1M", ["price"] = JsonNode.Parse(price),
        ["featureKey"] = "tokens",
    };
}
