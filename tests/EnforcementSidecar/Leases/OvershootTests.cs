using System.Net;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases;

public sealed class OvershootTests
{
    [Theory]
    [InlineData(1, 300, 500, 1)]
    [InlineData(4, 300, 800, 1)]
    [InlineData(4, 1_000, 500, 7)]
    public async Task Any_number_of_sidecars_admits_exactly_what_there_is(int sidecars, long cap, int requests, long units)
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, cap);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, cap))));
        var running = await Task.WhenAll(Enumerable.Range(0, sidecars).Select(_ => TestSidecar.StartAsync(host)));
        await host.MoveToAsync(host.Now, sidecars);

        var header = ("X-Meter-Units", units.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var answers = await Task.WhenAll(Enumerable.Range(0, requests).Select(i => running[i % sidecars].CheckAsync("free", "summarize", header)));
        var admitted = answers.Count(answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.True(admitted * units <= cap, $"{admitted} × {units} admitted of {cap}");
        Assert.All(answers, answer => Assert.True((int)answer.StatusCode is 200 or 429, $"{answer.StatusCode} {answer.Header("X-Meter-Reason")}"));

        // What idle sidecars still hold comes back when they stop; the last one can then admit the very last unit.
        foreach (var stopped in running[1..])
        {
            await stopped.DisposeAsync();
        }

        await host.MoveToAsync(host.Now, 1);
        await Eventually.TrueAsync(async () =>
        {
            var answer = await running[0].CheckAsync("free", "summarize", header);
            admitted += answer.StatusCode == HttpStatusCode.OK ? 1 : 0;
            return admitted == cap / units;
        }, "the last unit");
        await running[0].DisposeAsync();

        Assert.Equal(admitted * units, host.SettledOf(entitlement));
        Assert.Equal(0, host.HeldOf(entitlement));
        Assert.Equal(0, host.OutOfRange);
    }

    [Fact]
    public async Task Denied_calls_do_not_each_ask_the_server()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 0);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 0))));
        await using var sidecar = await TestSidecar.StartAsync(host);

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free")).StatusCode);
        }

        Assert.InRange(host.Exchanges.Count, 1, 20);
    }

    [Fact]
    public async Task When_a_limit_falls_a_busy_sidecar_gives_back_what_it_holds()
    {
        // So long that neither its end nor its renewal can be the reason; busy enough not to be idle, and not so busy that it is used up.
        await using var host = await FakeHost.StartAsync();
        host.LeaseTtlMilliseconds = 600_000;
        var entitlement = Some.Id();
        host.AddPool(entitlement, 100_000);
        var customer = Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 100_000)));
        host.Put(customer);
        await using var sidecar = await TestSidecar.StartAsync(host);
        await sidecar.CheckAsync("free");
        var lease = host.Exchanges.ToArray().SelectMany(exchange => exchange.Requests).First().LeaseId;
        var granted = host.HeldOf(entitlement) + host.SettledOf(entitlement);

        host.Put(customer with { Features = [Some.Feature("summarize", Some.Hard(entitlement, 10))] });
        await host.SettleChangesAsync();

        await Eventually.TrueAsync(
            async () =>
            {
                await sidecar.CheckAsync("free");
                await Task.Delay(TimeSpan.FromMilliseconds(900));
                return host.Exchanges.ToArray().SelectMany(exchange => exchange.Reports).Any(report => report.LeaseId == lease && report.Close);
            },
            "the lease to come back");
        var closing = host.Exchanges.ToArray().SelectMany(exchange => exchange.Reports).Last(report => report.LeaseId == lease);
        Assert.True(closing.Spent < granted, $"{closing.Spent} of {granted} were spent: the lease was used up, not given back.");
    }

    [Fact]
    public async Task What_is_recalled_goes_back_at_once_with_what_was_spent_of_it()
    {
        await using var host = await FakeHost.StartAsync();
        host.LeaseTtlMilliseconds = 600_000;
        var entitlement = Some.Id();
        host.AddPool(entitlement, 1_000);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 1_000))));
        await using var sidecar = await TestSidecar.StartAsync(host);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);

        host.Recall(7, entitlement);
        await host.SettleChangesAsync();

        var answer = Assert.Single(host.Exchanges.ToArray(), exchange => exchange.AnsweredRecall == 7);
        Assert.Contains(answer.Reports, report => report is { Close: true, Spent: 1 });
        Assert.Equal((1L, 0L), (host.SettledOf(entitlement), host.HeldOf(entitlement)));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
    }

    [Fact]
    public async Task An_idle_sidecar_gives_back_what_it_holds()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 1_000);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 1_000))));
        await using var sidecar = await TestSidecar.StartAsync(host);

        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        Assert.True(host.HeldOf(entitlement) > 0);
        await Eventually.TrueAsync(() => host.HeldOf(entitlement) == 0, "the units to come back");

        Assert.Equal(1, host.SettledOf(entitlement));
    }
}
