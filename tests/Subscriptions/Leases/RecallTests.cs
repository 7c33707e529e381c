using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Tests.Snapshots;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Leases;

/// <summary>Host waits for an answer for 50 ms only, which a busy machine may miss: what comes back then is there for the next question.</summary>
public sealed class RecallTests
{
    [Fact]
    public async Task Who_holds_what_another_waits_for_is_asked_for_it_and_nobody_else_is()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await using var holder = await FollowingSidecar.ConnectAsync(host, "holder", recalls: true);
        await using var bystander = await FollowingSidecar.ConnectAsync(host, "bystander", recalls: true);
        var held = await host.AskAsync(entitlement, wanted: 100, needed: 100, sidecar: "holder");

        var asking = host.AskAsync(entitlement, wanted: 50, needed: 50, sidecar: "needy");
        await holder.UntilAsync(sidecar => sidecar.Messages.OfType<Recall>().Any());
        var recall = holder.Messages.OfType<Recall>().First();
        Assert.Equal([entitlement], recall.EntitlementIds);
        await host.ExchangeAsync(
            new LeaseExchangeRequest("holder", [new LeaseReport(held.LeaseId, 30, Close: true)], [], recall.Sequence));

        if ((await asking).Outcome != LeaseOutcome.Granted)
        {
            Assert.Equal(50, (await host.AskAsync(entitlement, wanted: 50, needed: 50, sidecar: "needy")).Granted);
        }

        Assert.DoesNotContain(bystander.Messages, message => message is Recall);
    }

    [Fact]
    public async Task A_sidecar_that_does_not_know_recalls_is_sent_none()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await using var old = await FollowingSidecar.ConnectAsync(host, "old");
        await host.AskAsync(entitlement, wanted: 100, needed: 100, sidecar: "old");

        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 1, needed: 1, sidecar: "needy")).Outcome);

        Assert.DoesNotContain(old.Messages, message => message is Recall);
    }

    [Fact]
    public async Task A_refill_ahead_of_need_recalls_nothing()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        await using var holder = await FollowingSidecar.ConnectAsync(host, "holder", recalls: true);
        await host.AskAsync(entitlement, wanted: 100, needed: 100, sidecar: "holder");

        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(entitlement, wanted: 10, sidecar: "needy")).Outcome);
        await Shop.SettleAsync(host);

        Assert.DoesNotContain(holder.Messages, message => message is Recall);
    }

    [Fact]
    public async Task A_lease_that_was_closed_before_it_was_asked_for_is_never_granted()
    {
        await using var host = await Shop.OpenAsync();
        var entitlement = await Shop.CustomerOnAsync(host, "free");
        var lease = LeaseCalls.NewId(host);

        Assert.Equal(ReportOutcome.Unknown, await host.ReportAsync(lease, 0, close: true));
        Assert.Equal(ReportOutcome.Unknown, await host.ReportAsync(lease, 0, close: true));
        var late = await host.AskAsync(entitlement, wanted: 10, needed: 1, leaseId: lease);

        Assert.Equal((LeaseOutcome.Exhausted, 0L), (late.Outcome, late.Granted));
        Assert.Equal(50, (await host.AskAsync(entitlement, wanted: 100)).Granted);
    }
}
