using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

/// <summary>Usage by whose it is: customers own subjects, and a query may name and group by them.</summary>
public sealed class CustomerUsageTests
{
    private const string Span = "from=2026-01-10T00:00:00Z&to=2026-01-12T00:00:00Z";

    [Fact]
    public async Task A_customers_usage_is_that_of_all_its_subjects()
    {
        await using var host = await TestHost.StartAsync();
        var (acme, beta) = await ArrangeAsync(host);

        Assert.Equal("24", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}"));
        Assert.Equal("27", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}&filterCustomerId={beta}"));
        Assert.Equal("4", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}&subject=acme-2&subject=stranger"));
        Assert.Equal("", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}&subject=stranger"));
        Assert.Equal("12", await ValuesAsync(host, "avg", $"{Span}&filterCustomerId={acme}&windowSize=MONTH"));
        Assert.Equal("20;4", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}&windowSize=DAY"));
    }

    [Fact]
    public async Task Rows_by_customer_put_subjects_together_and_leave_strangers_apart()
    {
        await using var host = await TestHost.StartAsync();
        var (acme, beta) = await ArrangeAsync(host);

        var sums = await RowsAsync(host, "sum", $"{Span}&groupBy=customer_id");
        var users = await RowsAsync(host, "users", $"{Span}&groupBy=customer_id");
        var both = await RowsAsync(host, "sum", $"{Span}&groupBy=customer_id&groupBy=subject&groupBy=model&filterCustomerId={acme}");

        Assert.Equal(new Dictionary<string, decimal> { ["-"] = 100, [acme] = 24, [beta] = 3 }, ByCustomer(sums));
        Assert.Equal(new Dictionary<string, decimal> { ["-"] = 1, [acme] = 1, [beta] = 1 }, ByCustomer(users));
        Assert.Equal(["acme-1 big", "acme-2 small"], both.Select(row => $"{row["subject"]} {row["groupBy"]!["model"]}"));
        Assert.All(both, row => Assert.Equal(acme, (string?)row["customerId"]));
        Assert.All(sums, row => Assert.Empty(row["groupBy"]!.AsObject()));
    }

    [Fact]
    public async Task A_subject_that_changed_hands_takes_its_usage_along()
    {
        await using var host = await TestHost.StartAsync();
        var (acme, beta) = await ArrangeAsync(host);
        await ReplaceAsync(host, acme, "acme-1");
        await ReplaceAsync(host, beta, "beta-1", "acme-2");

        Assert.Equal("20", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={acme}"));
        Assert.Equal("7", await ValuesAsync(host, "sum", $"{Span}&filterCustomerId={beta}"));
    }

    [Fact]
    public async Task A_deleted_customer_owns_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var (acme, _) = await ArrangeAsync(host);
        (await host.Client.DeleteAsync($"/api/v1/customers/{acme}")).EnsureSuccessStatusCode();

        var problem = await host.GetAsync($"/api/v1/meters/sum/query?filterCustomerId={acme}", 400);

        Assert.Equal("unknown_customer", (string?)problem["errors"]![0]!["code"]);
        Assert.Equal(2, (await RowsAsync(host, "sum", $"{Span}&groupBy=customer_id")).Length);
    }

    [Fact]
    public async Task Customers_are_a_column_of_the_csv()
    {
        await using var host = await TestHost.StartAsync();
        var (acme, beta) = await ArrangeAsync(host);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/meters/sum/query?{Span}&groupBy=customer_id&filterCustomerId={acme}");
        request.Headers.TryAddWithoutValidation("Accept", "text/csv");

        using var response = await host.Client.SendAsync(request);

        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["window_start,window_end,customer_id,value", $"2026-01-10T00:00:00Z,2026-01-12T00:00:00Z,{acme},24"], lines);
        Assert.NotEqual(acme, beta);
    }

    [Fact]
    public async Task A_query_with_a_client_id_has_a_progress()
    {
        await using var host = await TestHost.StartAsync();
        await ArrangeAsync(host);
        await host.GetAsync($"/api/v1/meters/sum/query?{Span}&clientId=good", 200);
        await host.GetAsync("/api/v1/meters/sum/query?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&windowSize=MINUTE&clientId=bad", 400);

        Assert.Equal("1 0 1", Told(await host.GetAsync("/api/v1/info/progress/good", 200)));
        Assert.Equal("0 1 1", Told(await host.GetAsync("/api/v1/info/progress/bad", 200)));
        await host.GetAsync("/api/v1/info/progress/other", 404);

        static string Told(JsonNode progress) => $"{progress["success"]} {progress["failed"]} {progress["total"]}";
    }

    private static async Task<(string Acme, string Beta)> ArrangeAsync(TestHost host)
    {
        await host.MeterAsync("sum", dimensions: "model");
        await host.MeterAsync("avg", "AVG");
        await host.MeterAsync("users", "UNIQUE_COUNT", value: "$.user");
        var acme = await CustomerAsync(host, "acme", "acme-1", "acme-2");
        var beta = await CustomerAsync(host, "beta", "beta-1");
        await host.PostEventsAsync(
            Usage("1", "2026-01-10T10:00:00Z", "acme-1", 20, "big"), Usage("2", "2026-01-11T10:30:00Z", "acme-2", 4, "small"),
            Usage("3", "2026-01-10T10:00:00Z", "beta-1", 3, "big"), Usage("4", "2026-01-10T10:00:00Z", "stranger", 100, "big"));
        return (acme, beta);
    }

    /// <summary>Both subjects of a customer have the same user, who is counted once.</summary>
    private static JsonObject Usage(string id, string time, string subject, int tokens, string model) => EventPosting.Event(
        id, time, new JsonObject { ["tokens"] = tokens, ["model"] = model, ["user"] = subject[..4] }, subject);

    private static async Task<string> CustomerAsync(TestHost host, string key, params string[] subjects)
    {
        var customer = await host.PostAsync("/api/v1/customers", Body(key, subjects), 201);
        return (string)customer["id"]!;
    }

    private static async Task ReplaceAsync(TestHost host, string id, params string[] subjects)
    {
        using var content = new StringContent(Body(null, subjects).ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        (await host.Client.PutAsync($"/api/v1/customers/{id}", content)).EnsureSuccessStatusCode();
    }

    private static JsonObject Body(string? key, string[] subjects) => new()
    {
        ["name"] = "Customer", ["key"] = key,
        ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray([.. subjects.Select(subject => JsonValue.Create(subject))]) },
    };

    private static async Task<JsonNode[]> RowsAsync(TestHost host, string slug, string parameters) =>
        [.. (await host.GetAsync($"/api/v1/meters/{slug}/query?{parameters}", 200))["data"]!.AsArray().Select(row => row!)];

    private static Dictionary<string, decimal> ByCustomer(JsonNode[] rows) =>
        rows.ToDictionary(row => (string?)row["customerId"] ?? "-", row => (decimal)row["value"]!);

    private static async Task<string> ValuesAsync(TestHost host, string slug, string parameters) =>
        string.Join(';', (await RowsAsync(host, slug, parameters)).Select(row => row["value"]!.ToJsonString()));
}
