using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Platform.Http;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Plans.Prices;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Plans;

/// <summary>Every type of price can be written into a plan, and comes back from it.</summary>
public sealed class PriceTypeTests
{
    private static readonly string[] Prices =
    [
        """{"type":"flat","amount":"49","paymentTerm":"in_arrears"}""",
        """{"type":"unit","amount":"0.000005","minimumAmount":"1","maximumAmount":"9"}""",
        """{"type":"package","amount":"4.99","quantityPerPackage":"500"}""",
        """
        {"type":"tiered","mode":"graduated","firstTier":"on_first_use","tiers":[
         {"flatPrice":{"type":"flat","amount":"5"},"unitPrice":{"type":"unit","amount":"0"},"upToAmount":"10"},
         {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.3"}}]}
        """,
        """{"type":"tiered","mode":"volume","tiers":[{"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.3"}}]}""",
        """{"type":"dynamic","multiplier":"1.2"}""",
        """{"type":"dynamic","multiplier":"1","markupPercentage":"20","markupPerTransaction":"0.01"}""",
        """{"type":"overage","includedQuantity":"1000000","price":{"type":"unit","amount":"0.00003425"}}""",
        """{"type":"percentage","rate":"5"}""",
        """
        {"type":"percentage","rate":"1.3","fixedAmountPerTransaction":"2","freeTransactions":3,"freeAmount":"250",
         "perTransactionMinimum":"1","perTransactionMaximum":"50"}
        """,
        """
        {"type":"graduated_percentage","firstTier":"on_first_use","rates":[
         {"upToAmount":"1000","rate":"1","flatPrice":{"type":"flat","amount":"200"}},{"rate":"0.4"}]}
        """,
        """
        {"type":"dimensional","dimensions":["model"],"pooling":"pooled","cells":[
         {"values":{"model":"a"},"amount":"0.1"},
         {"values":{"model":"b"},"price":{"type":"overage","includedQuantity":"5","price":{"type":"package","amount":"1","quantityPerPackage":"3"}}}],
         "default":{"type":"unit","amount":"1"},"knownValues":[{"model":["a","b"]}]}
        """,
    ];

    // a price | the field below it that the answer names | code
    private const string Faults = """
        {"type":"dynamic","multiplier":"-1"} | /multiplier | negative
        {"type":"dynamic","multiplier":"1001"} | /multiplier | too_large
        {"type":"dynamic","rate":"1"} | /rate | not_allowed
        {"type":"overage","includedQuantity":"5"} | /price | required
        {"type":"overage","includedQuantity":"-5","price":{"type":"unit","amount":"1"}} | /includedQuantity | negative
        {"type":"overage","includedQuantity":"5","price":{"type":"unit","amount":"-1"}} | /price/amount | negative
        {"type":"overage","includedQuantity":"5","price":{"type":"flat","amount":"1"}} | /price | not_applicable
        {"type":"overage","includedQuantity":"5","price":{"type":"unit","amount":"1","maximumAmount":"9"}} | /price/maximumAmount | not_allowed
        {"type":"percentage"} | /rate | required
        {"type":"percentage","rate":"101"} | /rate | not_a_percentage
        {"type":"percentage","rate":"1","fixedAmountPerTransaction":"-1"} | /fixedAmountPerTransaction | negative
        {"type":"percentage","rate":"1","freeTransactions":-1} | /freeTransactions | negative
        {"type":"percentage","rate":"1","freeTransactions":1.5} | /freeTransactions | invalid_json
        {"type":"percentage","rate":"1","perTransactionMaximum":"-1"} | /perTransactionMaximum | negative
        {"type":"graduated_percentage","rates":[{"rate":"-1"}]} | /rates/0/rate | not_a_percentage
        {"type":"graduated_percentage","rates":[{"rate":"1","flatPrice":{"type":"unit","amount":"1"}}]} | /rates/0/flatPrice/type | unknown_price_type
        {"type":"graduated_percentage","rates":[{}]} | /rates/0/rate | required
        {"type":"dimensional","dimensions":["model"]} | /cells | cells_not_in_dimensions
        {"type":"dimensional","dimensions":["colour"],"default":{"type":"unit","amount":"1"}} | /dimensions/0 | unknown_dimension
        {"type":"dimensional","dimensions":["model","model"],"default":{"type":"unit","amount":"1"}} | /dimensions | cells_not_in_dimensions
        {"type":"dimensional","dimensions":["model"],"cells":[{"values":{"size":"xl"},"amount":"1"}]} | /cells/0/values/size | unknown_dimension
        {"type":"dimensional","dimensions":["model"],"cells":[{"values":{"model":"a"}}]} | /cells/0/price | required
        {"type":"dimensional","dimensions":["model"],"cells":[null]} | /cells/0 | required
        {"type":"dimensional","dimensions":["model"],"cells":[{"values":{"model":"a"},"amount":"-1"}]} | /cells/0/amount | negative
        {"type":"dimensional","dimensions":["model"],"cells":[{"values":{},"price":{"type":"unit"}}]} | /cells/0/price/amount | required
        {"type":"dimensional","dimensions":["model"],"default":{"type":"percentage","rate":"1"}} | /default | not_applicable
        {"type":"dimensional","dimensions":["model"],"default":{"type":"unit","amount":"1"},"pooling":"shared"} | /pooling | unknown_pooling
        {"type":"dimensional","dimensions":["model"],"default":{"type":"unit","amount":"1"},"knownValues":[{}]} | /knownValues/0 | required
        """;

    [Fact]
    public async Task A_plan_with_every_type_of_price_is_published_as_it_was_written()
    {
        await using var host = await Shop.OpenAsync();
        var cards = Prices.Select((price, i) => Card($"card-{i}", Some.Json(price))).ToArray<JsonNode>();
        cards[1]["unitConfig"] = Some.Json(
            """{"operation":"divide","conversionFactor":"1000000","rounding":"ceiling","precision":-2,"displayUnit":"million tokens"}""");
        cards[1]["unitCost"] = "0.000001";
        var plan = Some.Plan("everything", cards);
        plan["commitment"] = Some.Json("""{"minimumSpend":"500.5"}""");

        var published = await Some.PublishedAsync(host, plan);

        Assert.Equal("active", (string?)published["status"]);
        Assert.Null(published["validationErrors"]);
        Assert.Equal("500.5", (string?)published["commitment"]!["minimumSpend"]);
        foreach (var (i, card) in published["phases"]![0]!["rateCards"]!.AsArray().Index())
        {
            Assert.True(JsonNode.DeepEquals(cards[i], card), $"{cards[i].ToJsonString()} came back as {card!.ToJsonString()}");
        }
    }

    [Fact]
    public void A_price_that_was_read_is_written_as_it_was()
    {
        foreach (var text in Prices)
        {
            var body = JsonSerializer.Deserialize<PriceBody>(text, MeteringJson.Options)! with { KnownValues = null };
            var terms = new RateCardTerms(0m, 0m, body.MaximumAmount, body.MinimumAmount);

            var written = PriceTerms.DocumentOf(PriceTypes.Read(body), terms, displayUnit: null);

            Assert.True(JsonNode.DeepEquals(JsonSerializer.SerializeToNode(body, MeteringJson.Options), written), written.ToJsonString());
        }
    }

    [Fact]
    public async Task Every_fault_is_named_where_it_is()
    {
        await using var host = await Shop.OpenAsync();
        var wrong = new StringBuilder();
        foreach (var row in Faults.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            using var response = await host.Client.PostAsJsonAsync("/api/v1/plans", Some.Plan("gold", Card("tokens", JsonNode.Parse(row[0])!)));
            var answer = await response.Content.ReadAsStringAsync();
            var error = (int)response.StatusCode == 400 ? JsonNode.Parse(answer)!["errors"]![0]! : null;
            if ($"{(string?)error?["pointer"]} {(string?)error?["code"]}" != $"/phases/0/rateCards/0/price{row[1]} {row[2]}")
            {
                wrong.AppendLine($"{row[0]}: {(int)response.StatusCode} {answer}");
            }
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task A_price_of_amounts_needs_a_meter_that_sums_them()
    {
        await using var host = await Shop.OpenAsync();
        foreach (var price in new[]
        {
            """{"type":"percentage","rate":"5"}""", """{"type":"graduated_percentage","rates":[{"rate":"5"}]}""",
            """{"type":"dynamic","markupPerTransaction":"1"}""",
        })
        {
            var card = Card("calls", Some.Json(price));
            card["featureKey"] = "summarize";
            var problem = await host.PostAsync("/api/v1/plans", Some.Plan("gold", card), 400);
            Assert.Equal("/phases/0/rateCards/0/featureKey", (string?)problem["errors"]![0]!["pointer"]);
            Assert.Equal("feature_without_amounts", (string?)problem["errors"]![0]!["code"]);
        }
    }

    [Fact]
    public async Task Units_are_not_converted_for_prices_that_count_none()
    {
        await using var host = await Shop.OpenAsync();
        foreach (var price in new[] { """{"type":"percentage","rate":"5"}""", """{"type":"package","amount":"5","quantityPerPackage":"5"}""" })
        {
            var card = Card("tokens", Some.Json(price));
            card["unitConfig"] = Some.Json("""{"operation":"divide","conversionFactor":"10"}""");
            var problem = await host.PostAsync("/api/v1/plans", Some.Plan("gold", card), 400);
            Assert.Equal("/phases/0/rateCards/0/unitConfig", (string?)problem["errors"]![0]!["pointer"]);
        }
    }

    private static JsonObject Card(string key, JsonNode price) => new()
    {
        ["type"] = "usage_based", ["key"] = key, ["name"] = key, ["billingCadence"] = "P1M", ["price"] = price, ["featureKey"] = "tokens",
    };
}
