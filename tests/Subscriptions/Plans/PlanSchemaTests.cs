using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Plans.Prices;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Plans;

/// <summary>The published schema says the same as the records that read a plan.</summary>
public sealed class PlanSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "schemas", "plan.v1.json")))!;

    [Fact]
    public void Each_object_has_the_fields_that_the_code_reads()
    {
        AssertFields(typeof(PlanBody), Schema);
        AssertFields(typeof(PhaseBody), Definition("phase"));
        AssertFields(typeof(RateCardBody), Definition("rateCard"));
        AssertFields(typeof(PriceBody), [.. PriceVariants]);
        AssertFields(typeof(TierBody), Definition("tier"));
        AssertFields(typeof(RateBody), Definition("rate"));
        AssertFields(typeof(CellBody), Definition("cell"));
        AssertFields(typeof(UnitConfigBody), Definition("unitConfig"));
        AssertFields(typeof(CommitmentBody), Schema["properties"]!["commitment"]!);
        AssertFields(typeof(DiscountsBody), Definition("discounts"));
        AssertFields(typeof(EntitlementTemplateBody), [.. Definition("entitlementTemplate")["oneOf"]!.AsArray().Select(variant => variant!)]);
        AssertFields(typeof(RateLimitBody), Definition("rateLimits")["items"]!);
        AssertFields(typeof(RequestLimitsBody), Definition("requestLimits"));
        AssertFields(typeof(ConcurrencyBody), Definition("requestLimits")["properties"]!["concurrency"]!);
        AssertFields(typeof(BodySizeBody), Definition("requestLimits")["properties"]!["bodySize"]!);
        AssertFields(typeof(PromptSizeBody), Definition("requestLimits")["properties"]!["promptSize"]!);
    }

    [Fact]
    public void The_bounds_are_those_that_the_code_checks()
    {
        Assert.Equal(PlanChecks.MaxPhases, (int)Schema["properties"]!["phases"]!["maxItems"]!);
        Assert.Equal(PlanChecks.MaxRateCards, (int)Definition("phase")["properties"]!["rateCards"]!["maxItems"]!);
        Assert.Equal(RateLimitBody.MaxCount, (int)Definition("rateLimits")["maxItems"]!);
        Assert.Equal(RateLimitBody.MaxRate, (long)Definition("rateLimits")["items"]!["properties"]!["limit"]!["maximum"]!);
        var requests = Definition("requestLimits")["properties"]!;
        Assert.Equal(ConcurrencyBody.MaxLimit, (int)requests["concurrency"]!["properties"]!["limit"]!["maximum"]!);
        Assert.Equal(BodySizeBody.MostBytes, (long)requests["bodySize"]!["properties"]!["maxBytes"]!["maximum"]!);
        Assert.Equal(PromptSizeBody.MostTokens, (long)requests["promptSize"]!["properties"]!["maxTokens"]!["maximum"]!);
        var metered = Definition("entitlementTemplate")["oneOf"]![2]!["properties"]!;
        Assert.Equal(EntitlementChecks.MaxAllowance, (decimal)metered["issueAfterReset"]!["maximum"]!);
        Assert.Equal(Rating.RatingBounds.TiersMax, (int)Definition("tieredPrice")["properties"]!["tiers"]!["maxItems"]!);
        Assert.Equal(Rating.RatingBounds.TiersMax, (int)Definition("graduatedPercentagePrice")["properties"]!["rates"]!["maxItems"]!);
        Assert.Equal(Rating.Price.Dimensional.CellsMax, (int)Definition("dimensionalPrice")["properties"]!["cells"]!["maxItems"]!);
    }

    [Fact]
    public void Each_price_type_is_described_with_the_fields_that_it_allows()
    {
        Assert.Equal(PriceTypes.All.Select(type => type.Name), PriceVariants.Select(variant => (string?)variant["properties"]!["type"]!["const"]));
        Assert.Equal(Names(typeof(PriceBody)).Where(name => name != "type"), PriceField.All.Select(field => field.Name).Order());
        foreach (var variant in PriceVariants)
        {
            var described = variant["properties"]!.AsObject().Select(field => field.Key).Order();
            Assert.Equal(PriceTypes.Find((string)variant["properties"]!["type"]!["const"]!)!.Fields.Append("type").Order(), described);
        }
    }

    private static IEnumerable<JsonNode> PriceVariants =>
        Definition("price")["oneOf"]!.AsArray().Select(variant => Definition(((string)variant!["$ref"]!).Split('/')[^1]));

    private static IEnumerable<string> Names(Type type) =>
        type.GetProperties().Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order();

    private static JsonNode Definition(string name) => Schema["$defs"]![name]!;

    private static void AssertFields(Type type, params JsonNode[] variants)
    {
        var read = Names(type);
        var described = variants.SelectMany(variant => variant["properties"]!.AsObject().Select(field => field.Key)).Distinct().Order();
        Assert.Equal(read, described);
    }
}
