using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.Testing;
using Npgsql;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Credits;

/// <summary>The real Host and real sidecars: a customer whose requests are paid for by prepaid credit in USD.</summary>
internal sealed class PrepaidShop : IAsyncDisposable
{
    public const string Feature = "calls";

    private PrepaidShop(TestHost host, ImmutableArray<TestSidecar> sidecars, string customerId, string apiKey)
    {
        Host = host;
        Sidecars = sidecars;
        CustomerId = customerId;
        ApiKey = apiKey;
    }

    public TestHost Host { get; }

    public ImmutableArray<TestSidecar> Sidecars { get; }

    public string CustomerId { get; }

    private string ApiKey { get; }

    private string Credits => $"/api/v3/openmeter/customers/{CustomerId}/credits";

    public static async Task<PrepaidShop> OpenAsync(
        string price, int sidecars = 1, string entitlement = """{"type":"boolean","requestLimits":{"prepaid":true}}""")
    {
        var host = await TestHost.StartAsync("2026-01-10T00:00:00Z");
        const string Meter = """{"slug":"calls","eventType":"call","aggregation":"SUM","valueProperty":"$.n"}""";
        await host.PostAsync("/api/v1/meters", Json(Meter), 201);
        await host.PostAsync("/api/v1/features", Json("""{"key":"calls","name":"Calls","meterSlug":"calls"}"""), 201);
        var plan = Json($$"""
            {"key":"prepaid","name":"Prepaid","currency":"USD","billingCadence":"P1M","phases":[
             {"key":"main","name":"Main","duration":null,"rateCards":[
              {"type":"usage_based","key":"calls","name":"Calls","featureKey":"calls","billingCadence":"P1M","price":{{price}},
               "entitlementTemplate":{{entitlement}} }]}]}
            """);
        await host.PostAsync("/api/v1/plans", plan, 201);
        await host.PostAsync("/api/v1/plans/prepaid/publish", new JsonObject(), 200);
        var customer = await host.PostAsync(
            "/api/v1/customers", Json("""{"key":"initech","name":"Initech","usageAttribution":{"subjectKeys":["initech"]}}"""), 201);
        var credential = await host.PostAsync("/api/v1/customers/initech/credentials", Json("""{"name":"gateway"}"""));
        await host.PostAsync("/api/v1/subscriptions", Json("""{"customerKey":"initech","plan":{"key":"prepaid"}}"""));
        var started = new List<TestSidecar>();
        for (var i = 0; i < sidecars; i++)
        {
            started.Add(await TestSidecar.StartBesideAsync(host.Url, host.SidecarKey));
        }

        return new PrepaidShop(host, [.. started], (string)customer["id"]!, (string)credential["key"]!);
    }

    public Task GrantAsync(string amount, string rest = "") => Host.PostAsync(
        $"{Credits}/grants", Json($$"""{"name":"Top-up","funding_method":"external","currency":"USD","amount":"{{amount}}"{{rest}}}"""), 201);

    public async Task<string?> SettledAsync() =>
        (string?)(await Host.GetAsync($"{Credits}/balance"))["balances"]!.AsArray().SingleOrDefault()?["settled"];

    public Task<HttpResponseMessage> CheckAsync(int sidecar = 0, int units = 1) =>
        Sidecars[sidecar].CheckAsync(ApiKey, Feature, ("X-Meter-Units", $"{units}"));

    public async Task<string> OutcomeAsync(int sidecar = 0, int units = 1)
    {
        using var response = await CheckAsync(sidecar, units);
        return response.IsSuccessStatusCode ? "passed" : $"{(int)response.StatusCode} {response.Headers.GetValues("X-Meter-Reason").Single()}";
    }

    /// <summary>Checks and tells what was used, as a gateway does.</summary>
    public async Task UseAsync(int reserved, int used, int sidecar = 0)
    {
        using var admitted = await CheckAsync(sidecar, reserved);
        Assert.Equal(HttpStatusCode.OK, admitted.StatusCode);
        var body = new JsonObject
        {
            ["reservation"] = admitted.Headers.GetValues("X-Meter-Reservation").Single(), ["units"] = used,
            ["data"] = new JsonObject { ["n"] = used },
        };
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var settled = await Sidecars[sidecar].Client.PostAsync("/v1/settle", content);
        Assert.Equal(HttpStatusCode.Accepted, settled.StatusCode);
    }

    /// <summary>Usage of which no sidecar was asked.</summary>
    public async Task RecordAsync(int used)
    {
        using var content = new StringContent(
            Json($$"""
                {"specversion":"1.0","id":"past","source":"till","type":"call","subject":"initech","time":"2026-01-10T00:00:00Z",
                 "data":{"n":{{used}}} }
                """).ToJsonString(),
            System.Text.Encoding.UTF8, "application/cloudevents+json");
        using var response = await Host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
    }

    public async Task<string?> RecordedAsync()
    {
        var rows = (await Host.GetAsync("/api/v1/meters/calls/query"))["data"]!.AsArray();
        return rows.Count == 0 ? null : rows[0]!["value"]!.ToString();
    }

    /// <summary>As many as pass one after the other, through all sidecars in turn.</summary>
    public async Task<int> PassUntilDeniedAsync()
    {
        var passed = 0;
        while (await OutcomeAsync(passed % Sidecars.Length) == "passed")
        {
            passed++;
        }

        return passed;
    }

    /// <summary>What is out of the account and what is in it, in billionths.</summary>
    public async Task<(long Used, long Balance)> AccountAsync()
    {
        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select used, balance from subscriptions.credit_account", connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt64(0), reader.GetInt64(1)) : default;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in Sidecars)
        {
            await sidecar.DisposeAsync();
        }

        await Host.DisposeAsync();
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
