using System.Net;
using Metering.Contracts.Sidecar;
using Metering.Platform.Security;
using Metering.Testing;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Subscriptions.Tests.Snapshots;

public sealed class SnapshotStreamTests
{
    [Fact]
    public async Task A_new_sidecar_is_told_everything_it_needs_to_decide()
    {
        await using var host = await Shop.OpenAsync("2026-01-15T09:00:00Z");
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var credential = await host.PostAsync("/api/v1/customers/acme/credentials", Some.Json("""{"name":"live"}"""), 201);

        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        Assert.True(sidecar.Opening.Full);
        Assert.Equal(32, Convert.FromBase64String(sidecar.Opening.ReservationKey).Length);
        var customer = sidecar.Customer("acme")!;
        Assert.Equal(("acme-app", CustomerStatus.Active), (customer.Subject, customer.Status));
        Assert.Equal([Convert.ToHexStringLower(ApiKey.HashOf((string)credential["key"]!))], customer.CredentialHashes);
        var feature = Assert.Single(customer.Features);
        Assert.Equal(("summarize", "ai.completion", At("2026-01-15T09:00:00Z"), (Instant?)null),
            (feature.FeatureKey, feature.EventType, feature.ActiveFrom, feature.ActiveTo));
        Assert.Equal(new QuotaTerms(entitlement, LimitClass.Hard, 100, "P1D"), feature.Quota);
        Assert.Equal([new RateLimitTerms(5, 60, 5)], feature.RateLimits);
        var heartbeat = sidecar.LastHeartbeat;
        Assert.Equal((At("2026-01-15T09:00:00Z"), true, 1), (heartbeat.Now, heartbeat.ClockStands, heartbeat.ActiveSidecars));
    }

    [Fact]
    public async Task How_large_a_request_may_be_and_how_many_may_be_in_flight_reaches_the_sidecar_from_a_plan_and_from_a_customers_own_entitlement()
    {
        await using var host = await Shop.OpenAsync();
        await Some.PublishedAsync(host, Some.Plan("careful", Some.Entitled("summarize", """
            {"type":"metered","issueAfterReset":100,"usagePeriod":"P1D","requestLimits":{"concurrency":{"limit":5},
             "bodySize":{"maxBytes":1048576,"whenUnknown":"refuse"},"promptSize":{"maxTokens":8000,"whenUnknown":"pass"} } }
            """)));
        await Some.CustomerAsync(host, "acme");
        await Some.SubscribedAsync(host, "acme", "careful");
        var own = await host.PostAsync("/api/v2/customers/acme/entitlements", Some.Json("""
            {"type":"boolean","featureKey":"advanced-reasoning","rateLimits":[{"limit":3,"per":"PT1S"}],
             "requestLimits":{"concurrency":{"limit":2,"maxDuration":"PT90S"} } }
            """), 201);
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        Assert.Equal(SnapshotBegins.CurrentFormat, sidecar.Opening.Format);
        var planned = sidecar.Feature("acme", "summarize")!;
        Assert.Equal(new ConcurrencyTerms(5, 600), planned.Concurrency);
        Assert.Equal(new SizeTerms(1_048_576, PassWhenUnknown: false), planned.BodySize);
        Assert.Equal(new SizeTerms(8_000, PassWhenUnknown: true), planned.PromptSize);
        var given = sidecar.Feature("acme", "advanced-reasoning")!;
        Assert.Equal(new ConcurrencyTerms(2, 90), given.Concurrency);
        Assert.Equal([new RateLimitTerms(3, 1, 3)], given.RateLimits);
        Assert.Null(given.BodySize);
        Assert.Equal("PT90S", (string?)own["requestLimits"]!["concurrency"]!["maxDuration"]);
        Assert.Equal(3, (long)own["rateLimits"]![0]!["limit"]!);
    }

    [Fact]
    public async Task Sidecars_are_told_apart_by_rank()
    {
        await using var host = await Shop.OpenAsync();
        await using var one = await FollowingSidecar.ConnectAsync(host, "b");
        await using var other = await FollowingSidecar.ConnectAsync(host, "a");

        await one.UntilAsync(sidecar => sidecar.LastHeartbeat is { ActiveSidecars: 2, Rank: 1 });
        await other.UntilAsync(sidecar => sidecar.LastHeartbeat is { ActiveSidecars: 2, Rank: 0 });
    }

    [Fact]
    public async Task Every_change_to_what_a_customer_may_do_is_pushed()
    {
        await using var host = await Shop.OpenAsync();
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        await Some.CustomerAsync(host, "acme");
        await sidecar.UntilAsync(one => one.Customer("acme") is { Features.Length: 0 });
        var subscription = await Some.SubscribedAsync(host, "acme", "pro");
        await sidecar.UntilAsync(one => one.Feature("acme", "advanced-reasoning") is { Quota: null });
        var credential = await host.PostAsync("/api/v1/customers/acme/credentials", Some.Json("""{"name":"live"}"""), 201);
        await sidecar.UntilAsync(one => one.Customer("acme")!.CredentialHashes.Length == 1);
        await host.Client.DeleteAsync($"/api/v1/customers/acme/credentials/{credential["id"]}");
        await sidecar.UntilAsync(one => one.Customer("acme")!.CredentialHashes.IsEmpty);
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("""{"timing":"immediate"}"""), 200);
        await sidecar.UntilAsync(one => one.Customer("acme") is { Features.Length: 0 });
        await host.Client.DeleteAsync("/api/v1/customers/acme");
        await sidecar.UntilAsync(one => one.Customer("acme")!.Status == CustomerStatus.Removed);

        var versions = sidecar.Messages.OfType<CustomerChanged>().Select(change => change.Version).ToList();
        Assert.Equal(versions.Order(), versions);
    }

    [Fact]
    public async Task A_sidecar_resumes_by_version_and_a_version_from_another_life_starts_over()
    {
        await using var host = await Shop.OpenAsync();
        await Some.CustomerAsync(host, "known");
        await Some.CustomerAsync(host, "leaving");
        long version;
        string reservationKey;
        await using (var first = await FollowingSidecar.ConnectAsync(host))
        {
            (version, reservationKey) = (first.SnapshotVersion, first.Opening.ReservationKey);
            Assert.NotNull(first.Customer("known"));
        }

        await Some.CustomerAsync(host, "new");
        await host.Client.DeleteAsync("/api/v1/customers/leaving");
        await using var resumed = await FollowingSidecar.ConnectAsync(host, since: version);
        await using var over = await FollowingSidecar.ConnectAsync(host, "two", since: version + 1_000);

        Assert.False(resumed.Opening.Full);
        Assert.Equal(reservationKey, resumed.Opening.ReservationKey);
        Assert.Null(resumed.Customer("known"));
        Assert.NotNull(resumed.Customer("new"));
        Assert.Equal(CustomerStatus.Removed, resumed.Customer("leaving")!.Status);
        Assert.Equal(version + 2, resumed.SnapshotVersion);
        Assert.True(over.Opening.Full);
        Assert.NotNull(over.Customer("known"));
    }

    [Fact]
    public async Task A_phase_that_changes_in_time_reaches_the_sidecar_before_the_clock_has_moved()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.FeatureAsync(host, "trial-mode");
        await Some.FeatureAsync(host, "search");
        var plan = Some.Plan("pro");
        plan["phases"] = new System.Text.Json.Nodes.JsonArray(
            Some.Phase("trial", "P7D", Some.Entitled("trial-mode", """{"type":"boolean"}"""),
                Some.Entitled("search", """{"type":"static","config":"{\"size\":1}"}""")),
            Some.Phase("paid", null, Some.Entitled("search", """{"type":"static","config":"{\"size\":9}"}""")));
        await Some.PublishedAsync(host, plan);
        await Some.CustomerAsync(host, "acme");
        var subscription = await Some.SubscribedAsync(host, "acme", "pro");
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);
        Assert.Equal(At("2026-01-22T09:00:00Z"), sidecar.Feature("acme", "trial-mode")!.ActiveTo);
        Assert.Equal("""{"size":1}""", sidecar.Feature("acme", "search")!.Config);

        await host.AdvanceToAsync("2026-03-01T00:00:00Z");

        Assert.Equal(At("2026-03-01T00:00:00Z"), sidecar.LastHeartbeat.Now);
        Assert.Null(sidecar.Feature("acme", "trial-mode"));
        Assert.Equal("""{"size":9}""", sidecar.Feature("acme", "search")!.Config);
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("""{"timing":"next_billing_cycle"}"""), 200);
        await sidecar.UntilAsync(one => one.Feature("acme", "search")!.ActiveTo == At("2026-03-15T09:00:00Z"));
        await host.AdvanceToAsync("2026-03-15T09:00:00Z");
        Assert.Empty(sidecar.Customer("acme")!.Features);
    }

    [Fact]
    public async Task Sidecars_know_how_many_they_are()
    {
        await using var host = await TestHost.StartAsync();
        await using var one = await FollowingSidecar.ConnectAsync(host, "one");
        await using (var two = await FollowingSidecar.ConnectAsync(host, "two"))
        {
            await one.UntilAsync(sidecar => sidecar.LastHeartbeat.ActiveSidecars == 2);
        }

        await one.UntilAsync(sidecar => sidecar.LastHeartbeat.ActiveSidecars == 1);
        await using var again = await FollowingSidecar.ConnectAsync(host, "one");
        Assert.Equal(1, again.LastHeartbeat.ActiveSidecars);
    }

    [Fact]
    public async Task A_reader_that_never_acknowledges_does_not_stop_the_clock()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await using var silent = await FollowingSidecar.ConnectAsync(host, "silent", acknowledges: false);
        await using var sidecar = await FollowingSidecar.ConnectAsync(host, "answering");

        await host.AdvanceToAsync("2026-01-16T00:00:00Z");
        await host.AdvanceToAsync("2026-01-17T00:00:00Z");

        Assert.Equal(At("2026-01-17T00:00:00Z"), sidecar.LastHeartbeat.Now);
        await silent.UntilAsync(one => one.LastHeartbeat.Now == At("2026-01-17T00:00:00Z"));
    }

    [Fact]
    public async Task A_stream_needs_a_name_and_the_enforcement_scope()
    {
        await using var host = await TestHost.StartAsync();
        await host.GetAsync("/api/v1/sidecar/snapshot", 400);
        await host.GetAsync("/api/v1/sidecar/snapshot?sidecar=one&since=-1", 400);
        using var stranger = new HttpClient { BaseAddress = host.Url };
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/api/v1/sidecar/snapshot?sidecar=one")).StatusCode);
        await host.PostAsync("/api/v1/sidecar/acknowledgements", Some.Json("""{"sidecarId":"nobody","sequence":1}"""), 404);
    }

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;
}
