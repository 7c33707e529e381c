using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Scenarios.Lifecycle;

/// <summary>A shop with plans of its own for stories about changes: each act is one sentence, through the HTTP face of a running Host.</summary>
internal sealed class LifecycleStory : IAsyncDisposable
{
    private readonly Story story;

    private LifecycleStory(TestHost host) => story = new Story(host);

    public TestHost Host => story.Host;

    public static async Task<LifecycleStory> BeginAsync(string startAt = "2026-01-01T00:00:00Z")
    {
        var host = await TestHost.StartAsync(startAt);
        await host.PostAsync("/api/v1/meters", Json("""
            {"slug":"tokens","aggregation":"SUM","eventType":"ai.completion","valueProperty":"$.total_tokens"}
            """));
        await host.PostAsync("/api/v1/features", Json("""{"key":"tokens","name":"Tokens","meterSlug":"tokens"}"""));
        return new LifecycleStory(host);
    }

    public static JsonNode Json(string text) => JsonNode.Parse(text)!;

    /// <summary>A monthly plan of one phase: a fee in advance and a price per token, published.</summary>
    public Task<JsonNode> SellAsync(string key, string fee, string perToken, string currency = "USD") => SellAsync(
        key, currency, $$"""[{"key":"main","name":"Main","duration":null,"rateCards":[{{Fee("fee", fee)}},{{Tokens(perToken)}}]}]""");

    public async Task<JsonNode> SellAsync(string key, string currency, string phases)
    {
        var draft = await Host.PostAsync("/api/v1/plans", new JsonObject
        {
            ["key"] = key, ["name"] = $"Plan {key}", ["currency"] = currency, ["billingCadence"] = "P1M", ["phases"] = Json(phases),
        });
        return await Host.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject());
    }

    public static string Fee(string key, string amount, string cadence = "P1M") =>
        $$"""
        {"type":"flat_fee","key":"{{key}}","name":"{{key}}","billingCadence":"{{cadence}}",
         "price":{"type":"flat","amount":"{{amount}}","paymentTerm":"in_advance"} }
        """;

    public static string Tokens(string amount) =>
        $$"""
        {"type":"usage_based","key":"tokens","name":"tokens","featureKey":"tokens","billingCadence":"P1M",
         "price":{"type":"unit","amount":"{{amount}}"} }
        """;

    /// <summary>A customer on a plan; returns the id of the subscription.</summary>
    public async Task<string> SignUpAsync(string customer, string plan, string timeZone = "UTC")
    {
        await Host.PostAsync("/api/v1/customers", CustomerIn(customer, timeZone));
        return await SubscribeAsync(customer, plan);
    }

    public async Task<string> SubscribeAsync(string customer, string plan) => (string)(await story.SubscribeAsync(customer, plan))["id"]!;

    public async Task MoveAsync(string customer, string timeZone)
    {
        using var response = await Host.Client.PutAsJsonAsync($"/api/v1/customers/{customer}", CustomerIn(customer, timeZone));
        response.EnsureSuccessStatusCode();
    }

    public Task<JsonNode> DoAsync(string subscription, string verb, string body = "{}") =>
        Host.PostAsync($"/api/v1/subscriptions/{subscription}/{verb}", Json(body));

    public async Task<JsonNode> PatchAsync(string path, string body)
    {
        using var response = await Host.Client.PatchAsJsonAsync(path, Json(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return Json(text);
    }

    public Task<JsonNode> EditAsync(string subscription, string customizations, string timing = "immediate") =>
        PatchAsync($"/api/v1/subscriptions/{subscription}", $$"""{"timing":"{{timing}}","customizations":[{{customizations}}]}""");

    public Task UseAsync(string customer, string time, long tokens) => story.UseAsync(customer, time, tokens);

    public Task AdvanceToAsync(string instant) => Host.AdvanceToAsync(instant);

    /// <summary>Every document so far, with the exact times of its lines; and proof that usage is billed from one instant to the next.</summary>
    public async Task<string> InvoicesAsync(string customer)
    {
        var invoices = await story.InvoicesOfAsync(customer);
        AssertNoGapNorOverlap(invoices, await ServedAsync(customer));
        var text = new StringBuilder();
        foreach (var invoice in invoices)
        {
            text.AppendLine($"{invoice["number"]}  {invoice["plan"]!["key"]} v{invoice["plan"]!["version"]}  issued {invoice["issuedAt"]}");
            foreach (var line in invoice["lines"]!.AsArray())
            {
                var usage = line!["meteredQuantity"] is { } metered ? $"  metered {metered}" : "";
                text.AppendLine($"  {line["period"]!["from"]}..{line["period"]!["to"]}  {line["name"],-20}{line["totals"]!["total"],12}{usage}");
                foreach (var charge in line["children"]!.AsArray())
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"      {charge!["name"],-96}{charge["totals"]!["total"],12}");
                }
            }

            text.AppendLine($"  total {invoice["totals"]!["total"]} {invoice["currency"]}");
            text.AppendLine();
        }

        return text.ToString();
    }

    /// <summary>When each of the customer's subscriptions was in force.</summary>
    private async Task<IReadOnlyList<(string From, string? To)>> ServedAsync(string customer)
    {
        var page = await Host.GetAsync($"/api/v1/customers/{customer}/subscriptions");
        return [.. page["items"]!.AsArray().Select(one => ((string)one!["activeFrom"]!, (string?)one["activeTo"]))];
    }

    /// <summary>The lines of tokens begin where service begins, follow each other, and end where service ends or at the last boundary.</summary>
    private static void AssertNoGapNorOverlap(IReadOnlyList<JsonNode> invoices, IReadOnlyList<(string From, string? To)> served)
    {
        var metered = invoices.SelectMany(invoice => invoice["lines"]!.AsArray()).Where(line => line!["meteredQuantity"] is not null)
            .Select(line => (From: (string)line!["period"]!["from"]!, To: (string)line["period"]!["to"]!)).OrderBy(line => line.From).ToList();
        string? reached = null;
        foreach (var line in metered)
        {
            var continues = line.From == reached || (served.Any(one => one.From == line.From) && string.CompareOrdinal(reached, line.From) <= 0);
            Assert.True(continues, $"{line.From} does not follow {reached}.");
            reached = line.To;
        }

        Assert.All(served.Where(one => one.To is not null && one.From != one.To), one => Assert.Contains(metered, line => line.To == one.To));
    }

    private static JsonObject CustomerIn(string key, string timeZone) => new()
    {
        ["name"] = key, ["key"] = key, ["timeZone"] = timeZone,
        ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(key) },
    };

    public ValueTask DisposeAsync() => story.DisposeAsync();
}
