using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Scenarios;

/// <summary>
/// The price lists of <c>samples/plans/price-lists</c>, published, used and billed through HTTP. Their totals are worked out by hand.
/// </summary>
public sealed class PriceListTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What differs from run to run, or says nothing about the price.
    private static readonly string[] Left =
    [
        "id", "supplier", "customer", "workflow", "statusDetails", "subscriptionId", "createdAt", "updatedAt", "quantitySnapshotedAt", "watermark",
        "managedBy", "status", "type", "payment", "paidAmount", "invoice", "collectionAt", "draftUntil", "subscription",
    ];

    [Theory]
    [InlineData("gateway-platform", "1037.84")]
    [InlineData("take-rate", "120.35")]
    [InlineData("billing-volume", "250")]
    [InlineData("model-tokens", "24.45")]
    public async Task A_month_of_a_price_list_is_billed_as_its_calculation_says(string list, string total)
    {
        await using var story = await PriceList.SellAsync(list);

        await story.Host.AdvanceToAsync("2026-02-01T12:00:00Z");

        var invoice = Assert.Single(await story.InvoicesOfAsync(PriceList.Customer));
        Assert.Equal(total, (string?)invoice["totals"]!["total"]);
        var calculation = await File.ReadAllTextAsync(PriceList.PathOf(list, "calculation.md"));
        Assert.Contains($"**{decimal.Parse(total, null):#,0.00}**", calculation, StringComparison.Ordinal);
        Golden.MatchesFile(Comparable(invoice).ToJsonString(Readable), PriceList.PathOf(list, "invoice.json"));
    }

    [Fact]
    public async Task A_price_list_of_models_has_a_price_for_each_kind_of_token_of_twenty_models()
    {
        var price = PriceList.Read("model-tokens", "plan.json")["phases"]![0]!["rateCards"]![0]!["price"]!;
        var models = price["cells"]!.AsArray().Select(cell => (string?)cell!["values"]!["model"]).Distinct();
        Assert.True(models.Count() >= 20);

        await using var story = await PriceList.SellAsync("model-tokens");
        Assert.Null((await story.Host.GetAsync("/api/v1/plans/model-tokens"))["warnings"]);
    }

    private static JsonNode Comparable(JsonNode node)
    {
        switch (node)
        {
            case JsonObject json:
                var isPrice = json.ContainsKey("type") && !json.ContainsKey("totals");
                foreach (var name in json.Select(field => field.Key).Where(name => Left.Contains(name) && !(isPrice && name == "type")).ToArray())
                {
                    json.Remove(name);
                }

                foreach (var field in json)
                {
                    Comparable(field.Value!);
                }

                break;
            case JsonArray array:
                foreach (var item in array)
                {
                    Comparable(item!);
                }

                break;
        }

        return node;
    }
}
