using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class ExtendTests
{
    [Fact]
    public async Task A_stream_goes_on_as_long_as_there_is_quota_and_what_is_left_comes_back()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 1_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var first = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "500"), ("X-Meter-Max-Output-Tokens", "100")))
            .Header("X-Meter-Reservation")!;

        var newest = first;
        for (var i = 1; i <= 4; i++)
        {
            var extended = await (await sidecar.ExtendAsync(newest, 100)).JsonAsync();
            Assert.Equal(600 + (i * 100), (int)extended["units"]!);
            newest = (string)extended["reservation"]!;
            Assert.Equal(first[..26], newest[..26]);
        }

        var denied = await sidecar.ExtendAsync(newest, 100);
        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("quota_exhausted", (string?)(await denied.JsonAsync())["reason"]);

        await sidecar.SettleAsync(newest, "\"units\":650");
        await host.UntilUsedAsync(entitlement, 650);
        Assert.Equal((1_000L, 650L), host.SettlementsNow().Select(one => (one.Reserved, one.Used)).Single());
    }

    [Fact]
    public async Task An_extension_whose_answer_was_lost_is_settled_with_the_rest()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 1_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var first = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "100"), ("X-Meter-Max-Output-Tokens", "100")))
            .Header("X-Meter-Reservation")!;
        await sidecar.ExtendAsync(first, 100);

        var again = await (await sidecar.ExtendAsync(first, 100)).JsonAsync();

        Assert.Equal(400, (int)again["units"]!);
        await sidecar.SettleAsync(first, "\"units\":250");
        await host.UntilUsedAsync(entitlement, 250);
    }

    [Fact]
    public async Task A_suspended_customers_stream_is_not_extended()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 1_000);
        var customer = Some.Customer("free", Some.Feature("chat", Some.Hard(entitlement, 1_000)) with { Reservation = Some.Reserved() });
        host.Put(customer);
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "100"))).Header("X-Meter-Reservation")!;
        host.Put(customer with { Status = CustomerStatus.Suspended });
        await host.SettleChangesAsync();

        Assert.Equal(HttpStatusCode.Forbidden, (await sidecar.ExtendAsync(reservation, 1)).StatusCode);
    }

    [Fact]
    public async Task What_can_not_be_extended_is_refused_with_its_reason()
    {
        await using var host = await FakeHost.StartAsync();
        host.PutModelCustomer("free", 1_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "100"))).Header("X-Meter-Reservation")!;
        (string Body, int Status, string? Pointer)[] cases =
        [
            ("{}", 400, "/reservation"),
            ($$"""{"reservation":"{{reservation}}"}""", 400, "/tokens"),
            ($$"""{"reservation":"{{reservation}}","tokens":0}""", 400, "/tokens"),
            ($$"""{"reservation":"{{reservation}}","tokens":1000000000000}""", 400, "/tokens"),
            ($$"""{"reservation":"{{reservation}}","tokens":1,"more":1}""", 400, "/more"),
            ($$"""{"reservation":"{{reservation[..^1]}}{{(reservation[^1] == 'A' ? 'Q' : 'A')}}","tokens":1}""", 401, "/reservation"),
        ];
        foreach (var (body, status, pointer) in cases)
        {
            var answer = await sidecar.Client.PostAsync("/v1/extend", new StringContent(body));
            Assert.Equal((body, status), (body, (int)answer.StatusCode));
            Assert.Equal(pointer, (string?)(await answer.JsonAsync())["errors"]?[0]?["pointer"]);
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await sidecar.Client.GetAsync("/v1/extend")).StatusCode);
    }
}
