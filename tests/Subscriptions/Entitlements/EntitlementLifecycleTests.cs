using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Entitlements;

public sealed class EntitlementLifecycleTests
{
    [Fact]
    public async Task Usage_is_measured_from_now_from_the_period_or_from_a_time()
    {
        await using var host = await CreditShop.OpenAsync("2026-01-15T09:00:00Z");
        await CreditShop.UseAsync(host, 3, "2026-01-05T00:00:00Z");
        await CreditShop.UseAsync(host, 4, "2026-01-15T08:00:00Z");
        (string From, string Expected)[] cases =
        [
            ("NOW", "True 10 0 0 10"), ("CURRENT_PERIOD_START", "True 3 7 0 10"), ("2026-01-10T00:00:00Z", "True 6 4 0 10"),
            ("2025-12-31T00:00:00Z", "True 3 7 0 10"),
        ];
        foreach (var (from, expected) in cases)
        {
            const string rest = ""","usagePeriod":{"interval":"MONTH","anchor":"2026-01-01T00:00:00Z"},"issue":{"amount":10}}""";
            await CreditShop.EntitledAsync(host, $$"""{"measureUsageFrom":"{{from}}" """ + rest);
            Assert.Equal(expected, await CreditShop.ShortAsync(host));
            await DeletedAsync(host);
        }
    }

    [Fact]
    public async Task Periods_are_counted_from_the_anchor_in_the_customers_zone()
    {
        await using var host = await CreditShop.OpenAsync("2026-02-10T09:00:00Z", "Europe/Berlin");

        var shown = await CreditShop.EntitledAsync(
            host, """{"measureUsageFrom":"CURRENT_PERIOD_START","usagePeriod":{"interval":"MONTH","anchor":"2026-01-30T23:00:00Z"}}""");

        // Midnight of the 31st in Berlin: the last day of February, and from the end of March on in summer time.
        Assert.Equal("2026-01-30T23:00:00Z/2026-02-27T23:00:00Z", PeriodOf(shown));
        await host.AdvanceToAsync("2026-03-31T00:00:00Z");
        shown = await host.GetAsync("/api/v2/customers/acme/entitlements/units");
        Assert.Equal("2026-03-30T22:00:00Z/2026-04-29T22:00:00Z", PeriodOf(shown));
        Assert.Equal("MONTH P1M", $"{shown["usagePeriod"]!["interval"]} {shown["usagePeriod"]!["intervalISO"]}");
    }

    [Fact]
    public async Task An_entitlement_says_who_gave_it_and_carries_a_tag()
    {
        await using var host = await CreditShop.OpenAsync();
        using var created = await host.Client.PostAsJsonAsync("/api/v2/customers/acme/entitlements", Some.Json("""
            {"type":"metered","featureKey":"units","usagePeriod":{"interval":"MONTH"},"issue":{"amount":5,"priority":3},"metadata":{"deal":"7"},
             "grants":[{"amount":2,"effectiveAt":"2026-01-01T00:00:00Z"}]}
            """));
        var shown = JsonNode.Parse(await created.Content.ReadAsStringAsync())!;

        using var read = await host.Client.GetAsync($"/api/v2/entitlements/{shown["id"]}");

        Assert.Equal(created.Headers.ETag, read.Headers.ETag);
        Assert.Equal(("customer", "7", 5, 3), (
            (string)shown["origin"]!, (string)shown["metadata"]!["deal"]!, (int)shown["issue"]!["amount"]!, (int)shown["issue"]!["priority"]!));
        Assert.Equal("True 7 0 0 7", await CreditShop.ShortAsync(host));
        await CreditShop.ResetLaterAsync(host);
        using var stale = new HttpRequestMessage(HttpMethod.Delete, "/api/v2/customers/acme/entitlements/units");
        stale.Headers.IfMatch.Add(created.Headers.ETag!);
        using var refused = await host.Client.SendAsync(stale);
        Assert.Equal(412, (int)refused.StatusCode);
    }

    [Fact]
    public async Task An_override_takes_the_place_of_what_was_there_at_one_instant()
    {
        await using var host = await CreditShop.OpenAsync();
        var before = await CreditShop.EntitledAsync(host, """{"issue":{"amount":5}}""");
        await CreditShop.UseAsync(host, 5);
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");

        using var answer = await host.Client.PutAsJsonAsync("/api/v2/customers/acme/entitlements/units/override", Some.Json(
            """{"type":"metered","featureKey":"units","usagePeriod":{"interval":"DAY"},"issue":{"amount":50}}"""));

        Assert.Equal(201, (int)answer.StatusCode);
        Assert.Equal("True 50 0 0 50", await CreditShop.ShortAsync(host));
        Assert.Equal("False 0 5 0 5", await CreditShop.ShortAsync(host, time: "2026-01-01T12:00:00Z"));
        var gone = await host.GetAsync($"/api/v2/entitlements/{before["id"]}");
        Assert.Equal(("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"), ((string)gone["deletedAt"]!, (string)gone["activeTo"]!));
        using var other = await host.Client.PutAsJsonAsync(
            "/api/v2/customers/acme/entitlements/units/override", Some.Json("""{"type":"boolean","featureKey":"other"}"""));
        Assert.Equal(400, (int)other.StatusCode);
    }

    [Fact]
    public async Task A_deleted_entitlement_is_over_and_its_past_is_still_answered()
    {
        await using var host = await CreditShop.OpenAsync();
        var entitlement = await CreditShop.EntitledAsync(host, """{"issue":{"amount":5}}""");
        await CreditShop.EntitledAsync(host, """{"issue":{"amount":6}}""", expectedStatus: 409);
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        await DeletedAsync(host);

        await host.GetAsync("/api/v2/customers/acme/entitlements/units", 404);
        Assert.False((bool)(await host.GetAsync($"/api/v2/customers/acme/entitlements/{entitlement["id"]}/value"))["hasAccess"]!);
        Assert.Equal("True 5 0 0 5", await CreditShop.ShortAsync(host, time: "2026-01-01T12:00:00Z"));
        Assert.Equal(0, (int)(await host.GetAsync("/api/v2/entitlements"))["totalCount"]!);
        Assert.Equal(1, (int)(await host.GetAsync("/api/v2/customers/acme/entitlements?includeDeleted=true"))["totalCount"]!);
        await CreditShop.EntitledAsync(host, """{"issue":{"amount":6}}""");
        Assert.Equal("True 6 0 0 6", await CreditShop.ShortAsync(host));
    }

    [Fact]
    public async Task What_a_plan_gave_is_changed_with_the_plan_and_not_here()
    {
        await using var host = await Shop.OpenAsync();
        await Shop.CustomerOnAsync(host, "free");

        using var deleted = await host.Client.DeleteAsync("/api/v2/customers/acme/entitlements/summarize");
        using var replaced = await host.Client.PutAsJsonAsync("/api/v2/customers/acme/entitlements/summarize/override", Some.Json(
            """{"type":"metered","featureKey":"summarize","usagePeriod":{"interval":"DAY"}}"""));
        var grants = (await host.GetAsync("/api/v2/customers/acme/entitlements/summarize/grants"))["items"]!.AsArray();
        using var voided = await host.Client.DeleteAsync($"/api/v1/grants/{grants.Single()!["id"]}");

        Assert.Equal((409, 409, 409), ((int)deleted.StatusCode, (int)replaced.StatusCode, (int)voided.StatusCode));
        Assert.Equal(("subscription", 100), ((string)grants.Single()!["origin"]!, (int)grants.Single()!["amount"]!));
        var shown = await host.GetAsync("/api/v2/customers/acme/entitlements/summarize");
        Assert.Equal("true", (string)shown["annotations"]!["subscription.managed"]!);
    }

    [Fact]
    public async Task Lists_can_be_filtered_and_paged()
    {
        await using var host = await CreditShop.OpenAsync();
        await Some.FeatureAsync(host, "sso");
        await Some.CustomerAsync(host, "other");
        await CreditShop.EntitledAsync(host);
        await CreditShop.EntitledAsync(host, customer: "other");
        await host.PostAsync("/api/v2/customers/acme/entitlements", Some.Json("""{"type":"boolean","featureKey":"sso"}"""), 201);
        await CreditShop.GrantedAsync(host, 1);
        await host.AdvanceToAsync("2026-01-01T01:00:00Z");
        await CreditShop.GrantedAsync(host, 2);

        Assert.Equal(3, await CountAsync("/api/v2/entitlements"));
        Assert.Equal(2, await CountAsync("/api/v2/entitlements?feature=units"));
        Assert.Equal(1, await CountAsync("/api/v2/entitlements?entitlementType=boolean"));
        Assert.Equal(1, await CountAsync("/api/v2/entitlements?customerKeys=other"));
        Assert.Equal(2, await CountAsync("/api/v2/entitlements?customerKeys=acme&excludeInactive=true"));
        Assert.Equal(2, await CountAsync("/api/v2/grants?customer=acme"));
        Assert.Equal(0, await CountAsync("/api/v2/grants?customer=other"));
        var second = await host.GetAsync("/api/v2/grants?page=2&pageSize=1&orderBy=createdAt&order=DESC");
        Assert.Equal((2, 1, 2, 1), (
            (int)second["totalCount"]!, (int)second["items"]![0]!["amount"]!, (int)second["page"]!, (int)second["pageSize"]!));
        Assert.Equal(2, (await host.GetAsync("/api/v1/grants?subject=acme-app")).AsArray().Count);
        Assert.Equal(3, (await host.GetAsync("/api/v1/entitlements")).AsArray().Count);
        Assert.Equal(3, (int)(await host.GetAsync("/api/v1/entitlements?page=1"))["totalCount"]!);

        async Task<int> CountAsync(string path) => (int)(await host.GetAsync(path))["totalCount"]!;
    }

    [Fact]
    public async Task Subjects_reach_the_entitlements_of_the_customer_they_belong_to()
    {
        await using var host = await CreditShop.OpenAsync("2026-01-15T09:00:00Z");
        const string path = "/api/v1/subjects/acme-app/entitlements";
        var created = await host.PostAsync(
            path, Some.Json("""{"type":"metered","featureKey":"units","usagePeriod":{"interval":"MONTH"},"issueAfterReset":10}"""), 201);
        var grant = await host.PostAsync(
            $"{path}/units/grants",
            Some.Json("""{"amount":5,"effectiveAt":"2026-01-15T09:00:00Z","expiration":{"duration":"MONTH","count":1}}"""), 201);
        await CreditShop.UseAsync(host, 3);

        Assert.Equal("acme-app", (string)created["subjectKey"]!);
        Assert.Null(created["customerId"]);
        Assert.Equal(0, (int)grant["maxRolloverAmount"]!);
        var value = await host.GetAsync($"{path}/units/value");
        Assert.Equal("True 12 3 0 15", CreditShop.Short(value));
        Assert.Null(value["grantBalances"]);
        Assert.Single((await host.GetAsync(path)).AsArray());
        Assert.Equal(2, (await host.GetAsync($"{path}/units/grants")).AsArray().Count);
        Assert.Equal("acme-app", (string)(await host.GetAsync($"/api/v1/entitlements/{created["id"]}"))["subjectKey"]!);
        Assert.Single((await host.GetAsync($"{path}/{created["id"]}/history?windowSize=DAY&to=2026-01-15T10:00:00Z"))["windowedHistory"]!.AsArray());
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        await host.PostAsync($"{path}/{created["id"]}/reset", new JsonObject(), 204);
        Assert.Equal("True 10 0 0 10", CreditShop.Short(await host.GetAsync($"{path}/units/value")));
        using var replaced = await host.Client.PutAsJsonAsync($"{path}/units/override", Some.Json(
            """{"type":"metered","featureKey":"units","usagePeriod":{"interval":"MONTH"},"issueAfterReset":20}"""));
        Assert.Equal(201, (int)replaced.StatusCode);
        var now = JsonNode.Parse(await replaced.Content.ReadAsStringAsync())!;
        using var deleted = await host.Client.DeleteAsync($"{path}/{now["id"]}");
        Assert.Equal(204, (int)deleted.StatusCode);
    }

    [Fact]
    public async Task Changes_are_written_to_the_audit_trail()
    {
        await using var host = await CreditShop.OpenAsync();
        await CreditShop.EntitledAsync(host);
        var grant = await CreditShop.GrantedAsync(host, 5);
        await CreditShop.ResetLaterAsync(host);
        using var voided = await host.Client.DeleteAsync($"/api/v1/grants/{grant["id"]}");
        await DeletedAsync(host);

        var actions = (await host.GetAsync("/api/v1/audit?limit=5"))["items"]!.AsArray().Select(entry => (string)entry!["action"]!);
        Assert.Equal(["entitlement.create", "entitlement.delete", "entitlement.reset", "grant.issue", "grant.void"], actions.Order());
    }

    private static async Task DeletedAsync(TestHost host)
    {
        using var deleted = await host.Client.DeleteAsync("/api/v2/customers/acme/entitlements/units");
        Assert.Equal(204, (int)deleted.StatusCode);
    }

    private static string PeriodOf(JsonNode shown) => $"{shown["currentUsagePeriod"]!["from"]}/{shown["currentUsagePeriod"]!["to"]}";
}
