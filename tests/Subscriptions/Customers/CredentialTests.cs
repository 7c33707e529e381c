using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.Platform.Security;
using Metering.Subscriptions.Tests.Snapshots;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CredentialTests : IAsyncLifetime
{
    private const string Credentials = "/api/v1/customers/acme/credentials";

    private TestHost host = null!;
    private JsonNode crawler = null!;
    private JsonNode spider = null!;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.FeatureAsync(host, "search");
        await Some.CustomerAsync(host, "acme");
        crawler = await host.PostAsync("/api/v1/customers", Some.Json("""{"name":"Crawler","key":"crawler","level":"application"}"""), 201);
        spider = await host.PostAsync("/api/v1/customers", Some.Json("""{"name":"Spider","key":"spider","level":"agent"}"""), 201);
        await PlaceAsync("crawler", "acme");
        await PlaceAsync("spider", "crawler");
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_restricted_key_travels_to_sidecars_with_its_restriction_and_never_among_the_plain_ones()
    {
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        var created = await host.PostAsync(Credentials, Some.Json("""
            {"name":"bot","features":["search"],"expiresAt":"2026-02-01T00:00:00Z","application":"crawler","agent":"spider"}
            """), 201);

        await sidecar.UntilAsync(one => one.Customer("acme")!.RestrictedCredentials.Length == 1);
        Assert.Equal(SnapshotBegins.CurrentFormat, sidecar.Opening.Format);
        Assert.Empty(sidecar.Customer("acme")!.CredentialHashes);
        var access = sidecar.Customer("acme")!.RestrictedCredentials[0];
        Assert.Equal(Convert.ToHexStringLower(ApiKey.HashOf((string)created["key"]!)), access.Hash);
        Assert.Equal(["search"], access.FeatureKeys!.Value);
        Assert.Equal(((string?)crawler["id"], (string?)spider["id"]), (access.ApplicationId, access.AgentId));
        Assert.Equal(NodaTime.Instant.FromUtc(2026, 2, 1, 0, 0), access.ExpiresAt);
    }

    [Fact]
    public async Task A_list_tells_what_keys_may_do_and_whether_they_work_and_no_secret()
    {
        await host.PostAsync(Credentials, Some.Json("""{"name":"plain"}"""), 201);
        await host.PostAsync(Credentials, Some.Json("""{"name":"short","expiresAt":"2026-01-16T00:00:00Z"}"""), 201);
        var third = await host.PostAsync(Credentials, Some.Json("""{"name":"gone","agent":"spider"}"""), 201);
        await host.Client.DeleteAsync($"{Credentials}/{third["id"]}");
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");

        var listed = (await host.GetAsync(Credentials)).AsArray().OrderBy(one => (string?)one!["name"], StringComparer.Ordinal).ToList();

        Assert.Equal(["gone revoked", "plain active", "short expired"], listed.Select(one => $"{one!["name"]} {one["status"]}"));
        Assert.Equal((string?)spider["id"], (string?)listed[0]!["agentId"]);
        Assert.All(listed, one => Assert.DoesNotContain("mtr_live", one!.ToJsonString(), StringComparison.Ordinal));
        Assert.Equal(["short"], (await host.GetAsync($"{Credentials}?status=expired")).AsArray().Select(one => (string?)one!["name"]));
    }

    [Fact]
    public async Task A_rotated_key_has_the_same_restrictions_and_the_old_one_works_for_the_overlap()
    {
        var old = await host.PostAsync(Credentials, Some.Json("""{"name":"bot","features":["search"],"agent":"spider"}"""), 201);

        var created = await host.PostAsync($"{Credentials}/{old["id"]}/rotate", Some.Json("""{"overlap":"PT1H"}"""), 201);

        Assert.NotEqual((string?)old["key"], (string?)created["key"]);
        var listed = (await host.GetAsync(Credentials)).AsArray().OrderBy(one => (string?)one!["id"] != (string?)old["id"]).ToList();
        Assert.Equal(["2026-01-15T10:00:00Z", null], listed.Select(one => (string?)one!["expiresAt"]));
        Assert.Equal((string?)created["id"], (string?)listed[0]!["rotatedTo"]);
        Assert.Equal(listed[0]!["features"]!.ToJsonString(), listed[1]!["features"]!.ToJsonString());
        Assert.Equal((string?)listed[0]!["agentId"], (string?)listed[1]!["agentId"]);
        await host.PostAsync($"{Credentials}/{old["id"]}/rotate", new JsonObject(), 409);
        await host.AdvanceToAsync("2026-01-15T10:00:00Z");
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);
        Assert.Equal(Convert.ToHexStringLower(ApiKey.HashOf((string)created["key"]!)), sidecar.Customer("acme")!.RestrictedCredentials.Single().Hash);
    }

    [Fact]
    public async Task A_key_that_is_rotated_without_overlap_ends_at_once()
    {
        var old = await host.PostAsync(Credentials, Some.Json("""{"name":"bot"}"""), 201);

        var created = await host.PostAsync($"{Credentials}/{old["id"]}/rotate", Some.Json("""{"overlap":"PT0S"}"""), 201);

        Assert.Equal([(string?)created["id"]], (await host.GetAsync($"{Credentials}?status=active")).AsArray().Select(one => (string?)one!["id"]));
        Assert.Equal([(string?)old["id"]], (await host.GetAsync($"{Credentials}?status=revoked")).AsArray().Select(one => (string?)one!["id"]));
    }

    [Fact]
    public async Task A_key_stops_when_the_agent_it_names_is_suspended_and_ends_when_it_is_deleted()
    {
        await host.PostAsync(Credentials, Some.Json("""{"name":"bot","agent":"spider"}"""), 201);
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);
        Assert.False(sidecar.Customer("acme")!.RestrictedCredentials.Single().Suspended);

        await host.PostAsync("/api/v1/customers/crawler/suspend", new JsonObject(), 200);
        await sidecar.UntilAsync(one => one.Customer("acme")!.RestrictedCredentials.Single().Suspended);
        Assert.Equal(CustomerStatus.Active, sidecar.Customer("acme")!.Status);
        await host.PostAsync("/api/v1/customers/crawler/resume", new JsonObject(), 200);
        await sidecar.UntilAsync(one => !one.Customer("acme")!.RestrictedCredentials.Single().Suspended);

        await host.Client.DeleteAsync("/api/v1/customers/spider");
        await sidecar.UntilAsync(one => one.Customer("acme")!.RestrictedCredentials.IsEmpty);
        Assert.Equal("revoked", (string?)(await host.GetAsync(Credentials))[0]!["status"]);
    }

    [Fact]
    public async Task A_key_names_only_applications_and_agents_at_or_below_its_customer()
    {
        var mine = await host.PostAsync("/api/v1/customers/spider/credentials", Some.Json("""{"name":"own","agent":"spider"}"""), 201);
        Assert.Equal((string?)spider["id"], (string?)mine["agentId"]);
        await Some.CustomerAsync(host, "stranger");
        var foreign = await host.PostAsync("/api/v1/customers/stranger/credentials", Some.Json("""{"name":"x","agent":"spider"}"""), 400);
        Assert.Equal("/agent not_below", $"{foreign["errors"]![0]!["pointer"]} {foreign["errors"]![0]!["code"]}");
        var wrong = await host.PostAsync(Credentials, Some.Json("""{"name":"x","agent":"crawler"}"""), 400);
        Assert.Equal("wrong_level", (string?)wrong["errors"]![0]!["code"]);
    }

    private async Task PlaceAsync(string key, string parent)
    {
        var answer = await host.Client.PutAsJsonAsync($"/api/v1/customers/{key}/parent", new JsonObject { ["parent"] = parent });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
