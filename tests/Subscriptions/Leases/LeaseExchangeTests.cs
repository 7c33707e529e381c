using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime.Text;
using Xunit;

namespace Metering.Subscriptions.Tests.Leases;

public sealed class LeaseExchangeTests
{
    [Fact]
    public async Task A_lease_holds_units_and_a_report_settles_them()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");

        var lease = await host.AskAsync(entitlement, wanted: 20);
        Assert.Equal((LeaseOutcome.Granted, 20, 80, 100), (lease.Outcome, lease.Granted, lease.Free, lease.Limit));
        Assert.Equal(30_000, lease.TtlMilliseconds);
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 7));
        await AssertPoolAsync(host, settled: 7, held: 13);
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 9, close: true));
        await AssertPoolAsync(host, settled: 9, held: 0);
    }

    [Fact]
    public async Task A_refill_takes_a_share_of_half_of_what_is_free_and_a_waiting_request_gets_what_it_needs()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");

        Assert.Equal(50, (await host.AskAsync(entitlement, wanted: 100)).Granted);
        Assert.Equal(25, (await host.AskAsync(entitlement, wanted: 100)).Granted);
        Assert.Equal(20, (await host.AskAsync(entitlement, wanted: 20, needed: 20)).Granted);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 6, needed: 6)).Outcome);
        Assert.Equal(5, (await host.AskAsync(entitlement, wanted: 5, needed: 5)).Granted);
        var last = await host.AskAsync(entitlement, wanted: 1);
        Assert.Equal((LeaseOutcome.Exhausted, 0L, 0L), (last.Outcome, last.Granted, last.Free));
        await AssertPoolAsync(host, settled: 0, held: 100);
    }

    [Fact]
    public async Task Asking_again_under_the_same_id_returns_the_first_answer_and_holds_nothing_more()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var first = await host.AskAsync(entitlement, wanted: 10);
        await host.AskAsync(entitlement, wanted: 10);

        var again = await host.AskAsync(entitlement, wanted: 99, leaseId: first.LeaseId);

        Assert.Equal(first with { TtlMilliseconds = 0 }, again with { TtlMilliseconds = 0 });
        Assert.InRange(again.TtlMilliseconds, 1, 30_000);
        await AssertPoolAsync(host, settled: 0, held: 20);
        Assert.Equal(LeaseOutcome.Unknown, (await host.AskAsync(entitlement, wanted: 10, sidecar: "two", leaseId: first.LeaseId)).Outcome);
    }

    [Fact]
    public async Task A_repeated_report_changes_nothing_and_an_impossible_one_is_refused()
    {
        await using var host = await Shop.OpenAsync();
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 10);

        Assert.Equal(ReportOutcome.Unknown, await host.ReportAsync(LeaseCalls.NewId(host), 1));
        Assert.Equal(ReportOutcome.Unknown, await host.ReportAsync(lease.LeaseId, 1, sidecar: "two"));
        Assert.Equal(ReportOutcome.OutOfRange, await host.ReportAsync(lease.LeaseId, 11));
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 4));
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 4));
        Assert.Equal(ReportOutcome.OutOfRange, await host.ReportAsync(lease.LeaseId, 3));
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 4, close: true));
        Assert.Equal(ReportOutcome.AlreadyClosed, await host.ReportAsync(lease.LeaseId, 4, close: true));
        Assert.Equal(ReportOutcome.OutOfRange, await host.ReportAsync(lease.LeaseId, 5, close: true));
        await AssertPoolAsync(host, settled: 4, held: 0);
    }

    [Fact]
    public async Task Usage_that_came_without_a_sidecar_leaves_less_to_lease()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await Shop.UsedAsync(host, "acme-app", 40);

        Assert.Equal(60, (await host.AskAsync(entitlement, wanted: 0)).Free);
        await Shop.UsedAsync(host, "acme-app", 20);

        var refused = await host.AskAsync(entitlement, wanted: 41, needed: 41);
        Assert.Equal((LeaseOutcome.Exhausted, 40L), (refused.Outcome, refused.Free));
        Assert.Equal(40, (await host.AskAsync(entitlement, wanted: 40, needed: 40)).Granted);
    }

    [Fact]
    public async Task Units_that_were_reported_and_then_recorded_as_events_are_counted_once()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var lease = await host.AskAsync(entitlement, wanted: 30, needed: 30);
        await host.ReportAsync(lease.LeaseId, 30, close: true);

        await Shop.UsedAsync(host, "acme-app", 30);

        Assert.Equal(70, (await host.AskAsync(entitlement, wanted: 70, needed: 70)).Granted);
    }

    [Fact]
    public async Task A_pool_that_events_have_overdrawn_grants_nothing_and_still_conserves()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var lease = await host.AskAsync(entitlement, wanted: 10, needed: 10);
        await Shop.UsedAsync(host, "acme-app", 120);

        var refused = await host.AskAsync(entitlement, wanted: 1, needed: 1);

        Assert.Equal((LeaseOutcome.Exhausted, -30L), (refused.Outcome, refused.Free));
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 10, close: true));
        var pool = await AssertPoolAsync(host, settled: 10, held: 0);
        Assert.Equal((120L, true), ((long)pool["metered"]!, (bool)pool["conserves"]!));
    }

    [Fact]
    public async Task A_lease_that_outlives_its_time_stays_held_until_its_sidecar_comes_back()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var lease = await host.AskAsync(entitlement, wanted: 40, needed: 40);
        await host.ReportAsync(lease.LeaseId, 10);
        await ExpireLeasesAsync(host);

        var refused = await host.AskAsync(entitlement, wanted: 61, needed: 61, sidecar: "two");
        Assert.Equal((LeaseOutcome.Exhausted, 60L), (refused.Outcome, refused.Free));
        var pool = await AssertPoolAsync(host, settled: 10, held: 30);
        Assert.Equal((1, 30L), ((int)pool["quarantinedLeases"]!, (long)pool["quarantinedUnits"]!));
        Assert.Equal(0, (await host.AskAsync(entitlement, wanted: 40, needed: 40, leaseId: lease.LeaseId)).TtlMilliseconds);

        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(lease.LeaseId, 33, close: true));
        await AssertPoolAsync(host, settled: 33, held: 0);
    }

    [Fact]
    public async Task A_soft_pool_always_grants_and_says_how_far_it_is_overdrawn()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "enterprise");

        Assert.Equal(60_000, (await host.AskAsync(entitlement, wanted: 60_000)).Granted);
        var beyond = await host.AskAsync(entitlement, wanted: 5_000, needed: 1);

        Assert.Equal((LeaseOutcome.Granted, 5_000L, -15_000L), (beyond.Outcome, beyond.Granted, beyond.Free));
    }

    [Fact]
    public async Task The_day_begins_at_midnight_of_the_customer_also_when_it_has_23_hours()
    {
        // The clocks of Berlin go forward in the night to 29 March: that day ends 23 hours after it began.
        await using var host = await Shop.OpenAsync("2026-03-28T22:30:00Z");
        var entitlement = await Shop.CustomerOnAsync(host, "free", timeZone: "Europe/Berlin");

        var before = await host.AskAsync(entitlement, wanted: 100, needed: 100);
        Assert.Equal("2026-03-27T23:00:00Z/2026-03-28T23:00:00Z", PeriodOf(before));
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);

        await host.AdvanceToAsync("2026-03-28T23:00:00Z");
        var after = await host.AskAsync(entitlement, wanted: 100, needed: 100);
        Assert.Equal("2026-03-28T23:00:00Z/2026-03-29T22:00:00Z", PeriodOf(after));

        // What the first lease spent before midnight is settled to its own day, however late the report comes.
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(before.LeaseId, 60));
        Assert.Equal(ReportOutcome.Recorded, await host.ReportAsync(before.LeaseId, 90, close: true));
        await AssertPoolAsync(host, settled: 0, held: 100);
    }

    [Fact]
    public async Task Moving_to_another_zone_does_not_give_a_second_allowance_for_the_same_hours()
    {
        await using var host = await Shop.OpenAsync("2026-01-15T09:00:00Z");
        var entitlement = await Shop.CustomerOnAsync(host, "free", timeZone: "UTC");
        Assert.Equal("2026-01-15T00:00:00Z/2026-01-16T00:00:00Z", PeriodOf(await host.AskAsync(entitlement, wanted: 100, needed: 100)));
        using var moved = await host.Client.PutAsync("/api/v1/customers/acme", System.Net.Http.Json.JsonContent.Create(Some.Json(
            """{"name":"acme","key":"acme","usageAttribution":{"subjectKeys":["acme-app"]},"timeZone":"America/New_York"}""")));
        moved.EnsureSuccessStatusCode();

        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1)).Outcome);
        await host.AdvanceToAsync("2026-01-16T01:00:00Z");
        Assert.Equal("2026-01-16T00:00:00Z/2026-01-16T05:00:00Z", PeriodOf(await host.AskAsync(entitlement, wanted: 1, needed: 1)));
        await host.AdvanceToAsync("2026-01-16T05:00:00Z");
        Assert.Equal("2026-01-16T05:00:00Z/2026-01-17T05:00:00Z", PeriodOf(await host.AskAsync(entitlement, wanted: 1, needed: 1)));
    }

    [Fact]
    public async Task Nothing_is_leased_before_a_subscription_starts_or_after_it_ends()
    {
        await using var host = await Shop.OpenAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        var subscription = await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"plan":{"key":"free"},"customerKey":"acme","timing":"2026-01-16T00:00:00Z"}"""), 201);
        var entitlement = await Shop.EntitlementAsync(host, subscription);

        Assert.Equal(LeaseOutcome.Unknown, (await host.AskAsync(entitlement, wanted: 1)).Outcome);
        await host.AdvanceToAsync("2026-01-16T00:00:00Z");
        Assert.Equal(LeaseOutcome.Granted, (await host.AskAsync(entitlement, wanted: 1)).Outcome);
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("{}"), 200);
        Assert.Equal(LeaseOutcome.Unknown, (await host.AskAsync(entitlement, wanted: 1)).Outcome);
    }

    [Fact]
    public async Task A_customer_key_does_not_open_the_sidecars_routes()
    {
        await using var host = await Shop.OpenAsync();
        using var sidecar = host.ClientWith(host.SidecarKey);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await sidecar.GetAsync("/api/v1/sidecar/pools")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await sidecar.GetAsync("/api/v1/customers")).StatusCode);
        await Some.CustomerAsync(host, "acme");
        var credential = await host.PostAsync("/api/v1/customers/acme/credentials", Some.Json("""{"name":"live"}"""), 201);
        using var customer = host.ClientWith((string)credential["key"]!);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await customer.GetAsync("/api/v1/sidecar/pools")).StatusCode);
    }

    /// <summary>As if the time had passed: leases live by the database's real clock.</summary>
    private static async Task ExpireLeasesAsync(TestHost host)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().BeginAsync(CancellationToken.None);
        await session.ExecuteAsync("update subscriptions.lease set expires_at = granted_at", null, CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
    }

    private static string PeriodOf(LeaseAnswer answer) =>
        $"{InstantPattern.ExtendedIso.Format(answer.PeriodStart!.Value)}/{InstantPattern.ExtendedIso.Format(answer.PeriodEnd!.Value)}";

    private static async Task<System.Text.Json.Nodes.JsonNode> AssertPoolAsync(TestHost host, long settled, long held)
    {
        var pool = Assert.Single((await host.GetAsync("/api/v1/sidecar/pools"))["items"]!.AsArray())!;
        Assert.Equal((settled, held), ((long)pool["settled"]!, (long)pool["held"]!));
        return pool;
    }
}
