using System.Net.Http.Json;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CustomerListTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await Shop.OpenAsync();
        await host.PostAsync("/api/v1/customers", Some.Json("""
            {"name":"zeta","key":"ALPHA","primaryEmail":"bills@zeta.example","usageAttribution":{"subjectKeys":["z-1","z-2"]}}
            """), 201);
        await host.AdvanceToAsync("2026-01-15T09:01:00Z");
        await Some.CustomerAsync(host, "beta");
        await host.AdvanceToAsync("2026-01-15T09:02:00Z");
        await Some.CustomerAsync(host, "gone");
        await Some.SubscribedAsync(host, "beta", "pro");
        await host.Client.DeleteAsync("/api/v1/customers/gone");
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Theory]
    [InlineData("", "ALPHA beta")]
    [InlineData("key=alph", "ALPHA")]
    [InlineData("name=ETA", "ALPHA beta")]
    [InlineData("name=zet", "ALPHA")]
    [InlineData("primaryEmail=ZETA.example", "ALPHA")]
    [InlineData("subject=Z-2", "ALPHA")]
    [InlineData("subject=ALPHA", "")]
    [InlineData("planKey=pro", "beta")]
    [InlineData("planKey=pr", "")]
    [InlineData("planKey=free", "")]
    [InlineData("includeDeleted=true", "ALPHA beta gone")]
    [InlineData("orderBy=name", "beta ALPHA")]
    [InlineData("orderBy=name&order=DESC", "ALPHA beta")]
    [InlineData("orderBy=id&order=DESC", "beta ALPHA")]
    [InlineData("orderBy=createdAt", "ALPHA beta")]
    [InlineData("orderBy=name&order=DESC&pageSize=1&page=2", "beta")]
    [InlineData("key=%25", "")]
    public async Task Customers_are_found_by_parts_of_what_they_are_called(string query, string keys)
    {
        var page = await host.GetAsync($"/api/v1/customers?{query}");

        Assert.Equal(keys, string.Join(' ', page["items"]!.AsArray().Select(customer => (string?)customer!["key"])));
    }

    [Fact]
    public async Task Subscriptions_are_shown_with_a_customer_when_they_are_asked_for()
    {
        var plain = await host.GetAsync("/api/v1/customers/beta");
        var one = await host.GetAsync("/api/v1/customers/beta?expand=subscriptions");
        var all = (await host.GetAsync("/api/v1/customers?expand=subscriptions"))["items"]!.AsArray();

        Assert.Null(plain["subscriptions"]);
        Assert.Equal((string?)plain["currentSubscriptionId"], (string?)one["subscriptions"]![0]!["id"]);
        Assert.Equal([0, 1], all.Select(customer => customer!["subscriptions"]!.AsArray().Count));
    }

    [Fact]
    public async Task No_customer_has_data_of_an_app()
    {
        var apps = await host.GetAsync("/api/v1/customers/beta/apps");

        Assert.Equal(0, (int)apps["totalCount"]!);
        Assert.Empty(apps["items"]!.AsArray());
    }

    [Fact]
    public async Task A_subject_that_is_taken_is_named_by_its_place_also_when_a_customer_is_replaced()
    {
        var response = await host.Client.PutAsJsonAsync(
            "/api/v1/customers/beta", Some.Json("""{"name":"Beta","key":"beta","usageAttribution":{"subjectKeys":["beta-app","new","z-2"]}}"""));

        Assert.Equal(409, (int)response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonNode>();
        Assert.Equal("/usageAttribution/subjectKeys/2", (string?)problem!["errors"]![0]!["pointer"]);
        var kept = (await host.GetAsync("/api/v1/customers/beta"))["usageAttribution"]!["subjectKeys"]!.AsArray();
        Assert.Equal(["beta-app"], kept.Select(one => (string?)one));
    }
}
