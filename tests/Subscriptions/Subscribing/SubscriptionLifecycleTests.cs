using System.Text.Json.Nodes;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

public sealed class SubscriptionLifecycleTests
{
    [Fact]
    public async Task A_subscription_follows_the_version_in_force_and_billing_reads_its_prices()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee()));

        var subscription = await Some.SubscribedAsync(host, "acme", "pro");

        Assert.Equal("active", (string?)subscription["status"]);
        Assert.Equal(1, (int)subscription["plan"]!["version"]!);
        Assert.Equal("2026-01-15T09:00:00Z", (string?)subscription["billingAnchor"]);
        var billable = await ReadAsync(host, subscription);
        var phase = Assert.Single(billable.Phases);
        var card = Assert.Single(phase.RateCards);
        Assert.Equal(new Price.Flat(49m, PaymentTerm.InAdvance), card.Price);
        Assert.Equal(Cadence.Monthly, card.BillingCadence);
        Assert.Equal(Currency.Usd, billable.Currency);
        Assert.Null(phase.To);
        Assert.Equal("USD", (string?)(await host.GetAsync("/api/v1/customers/acme"))["currency"]);
        Assert.Equal((string?)subscription["id"], (string?)(await host.GetAsync("/api/v1/customers/acme"))["currentSubscriptionId"]);
    }

    [Fact]
    public async Task A_published_change_leaves_earlier_subscriptions_on_their_version()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "early");
        await Some.CustomerAsync(host, "late");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee("49")));
        var early = await Some.SubscribedAsync(host, "early", "pro");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee("59")));
        var late = await Some.SubscribedAsync(host, "late", "pro");

        Assert.Equal(new Price.Flat(49m, PaymentTerm.InAdvance), (await ReadAsync(host, early)).Phases[0].RateCards[0].Price);
        Assert.Equal(new Price.Flat(59m, PaymentTerm.InAdvance), (await ReadAsync(host, late)).Phases[0].RateCards[0].Price);
        Assert.Equal(2, (int)late["plan"]!["version"]!);
    }

    [Fact]
    public async Task Phases_follow_each_other_on_the_customers_calendar()
    {
        // The clocks of Berlin go forward on 29 March: the trial of 14 local days is 335 hours long.
        await using var host = await TestHost.StartAsync("2026-03-20T09:00:00Z");
        await Some.CustomerAsync(host, "acme", "Europe/Berlin");
        var plan = Some.Plan("pro");
        plan["phases"] = new JsonArray(
            Some.Phase("trial", "P14D"), Some.Phase("ramp", "P1M", Some.FlatFee("10")), Some.Phase("full", null, Some.FlatFee("49")));
        await Some.PublishedAsync(host, plan);

        var billable = await ReadAsync(host, await Some.SubscribedAsync(host, "acme", "pro"));

        Assert.Equal(
            """
            trial 2026-03-20T09:00:00Z/2026-04-03T08:00:00Z
            ramp 2026-04-03T08:00:00Z/2026-05-03T08:00:00Z
            full 2026-05-03T08:00:00Z/
            """.ReplaceLineEndings("\n"),
            string.Join('\n', billable.Phases.Select(phase => $"{phase.Key} {phase.From}/{phase.To}")));
    }

    [Fact]
    public async Task A_cancellation_cuts_the_running_phase_and_drops_the_later_ones()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        var plan = Some.Plan("pro");
        plan["phases"] = new JsonArray(Some.Phase("trial", "P3M", Some.FlatFee("0")), Some.Phase("full", null, Some.FlatFee()));
        await Some.PublishedAsync(host, plan);
        var subscription = await Some.SubscribedAsync(host, "acme", "pro");
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        var cancelled = await host.PostAsync(
            $"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("""{"timing":"next_billing_cycle"}"""), 200);

        Assert.Equal("canceled", (string?)cancelled["status"]);
        Assert.Equal("2026-02-15T09:00:00Z", (string?)cancelled["activeTo"]);
        var billable = await ReadAsync(host, subscription);
        Assert.Equal(At("2026-02-15T09:00:00Z"), Assert.Single(billable.Phases).To);
        await host.AdvanceToAsync("2026-02-15T09:00:00Z");
        Assert.Equal("inactive", (string?)(await host.GetAsync($"/api/v1/subscriptions/{subscription["id"]}"))["status"]);
        await host.PostAsync($"/api/v1/subscriptions/{subscription["id"]}/cancel", Some.Json("{}"), 409);
        await Some.SubscribedAsync(host, "acme", "pro");
    }

    [Fact]
    public async Task A_customer_has_one_subscription_to_a_plan_at_a_time()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee()));
        var first = await Some.SubscribedAsync(host, "acme", "pro");

        await host.PostAsync("/api/v1/subscriptions", Some.Json("""{"plan":{"key":"pro"},"customerKey":"acme"}"""), 409);
        await host.PostAsync($"/api/v1/subscriptions/{first["id"]}/cancel", Some.Json("""{"timing":"2026-02-01T00:00:00Z"}"""), 200);
        await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"plan":{"key":"pro"},"customerKey":"acme","timing":"2026-01-31T23:59:59Z"}"""), 409);
        var next = await host.PostAsync(
            "/api/v1/subscriptions", Some.Json("""{"plan":{"key":"pro"},"customerKey":"acme","timing":"2026-02-01T00:00:00Z"}"""), 201);

        Assert.Equal("scheduled", (string?)next["status"]);
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/subscriptions?customerKey=acme"))["totalCount"]!);
        Assert.Equal(2, (await host.Services.GetRequiredService<SubscriptionReader>()
            .OfCustomerAsync((await ReadAsync(host, first)).Customer.Id, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_subscription_is_shown_with_its_phases_items_and_billing_period()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await Some.CustomerAsync(host, "acme");
        await Some.FeatureAsync(host, "advanced-reasoning");
        await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee(), Some.Entitled("advanced-reasoning", """{"type":"boolean"}""")));
        var subscription = await Some.SubscribedAsync(host, "acme", "pro");

        var shown = await host.GetAsync($"/api/v1/subscriptions/{subscription["id"]}");

        Assert.Equal("2026-02-15T09:00:00Z", (string?)shown["alignment"]!["currentAlignedBillingPeriod"]!["to"]);
        var items = shown["phases"]![0]!["items"]!.AsArray();
        Assert.Equal(["platform", "advanced-reasoning"], items.Select(item => (string?)item!["key"]));
        Assert.NotNull(items[1]!["entitlementId"]);
        Assert.True(items[1]!.AsObject().ContainsKey("price"));
        Assert.Equal((string?)items[0]!["id"], (string?)shown["phases"]![0]!["itemTimelines"]!["platform"]![0]!["id"]);
    }

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;

    private static async Task<BillableSubscription> ReadAsync(TestHost host, JsonNode subscription)
    {
        Assert.True(PublicId.TryParse((string)subscription["id"]!, out var id));
        return (await host.Services.GetRequiredService<SubscriptionReader>().FindAsync(id, CancellationToken.None))!;
    }
}
