using System.Globalization;
using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class ReserveTests
{
    private const string Usage = "\"data\":{\"usage\":{\"prompt_tokens\":90,\"completion_tokens\":30,\"total_tokens\":120}}";

    [Fact]
    public async Task A_strict_reservation_holds_the_bound_and_tells_the_gateway_where_to_clamp()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 2_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);

        var answer = await sidecar.CheckAsync(
            "free", "chat", ("X-Meter-Model", "small"), ("X-Meter-Input-Bytes", "1000"), ("X-Meter-Max-Output-Tokens", "9000"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("500", answer.Header("X-Meter-Max-Output-Tokens"));
        await host.UntilSpentAsync(entitlement, 1_500);
        var denied = await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "400"));
        Assert.Equal("quota_exhausted", denied.Header("X-Meter-Reason"));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "300"))).StatusCode);
    }

    [Fact]
    public async Task What_was_reserved_and_not_used_comes_back_once_the_call_is_settled()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 1_200, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var first = await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "800"))).StatusCode);

        var settled = await sidecar.SettleAsync(first.Header("X-Meter-Reservation")!, Usage);

        Assert.Equal(HttpStatusCode.Accepted, settled.StatusCode);
        var answer = await settled.JsonAsync();
        Assert.Equal((1_200, 120), ((int)answer["reserved"]!, (int)answer["used"]!));
        await Eventually.TrueAsync(
            async () => (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "800"))).StatusCode == HttpStatusCode.OK,
            "units to come back");
        await host.UntilUsedAsync(entitlement, 120 + 1_000);
        var usage = host.EventsNow().Single();
        Assert.Equal(("llm.usage", "1200", "120"), ((string?)usage["type"], (string?)usage["meteringreserved"], (string?)usage["meteringused"]));
        Assert.Null(usage["meteringoverrun"]);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("X-Meter-Input-Bytes", "1000", "X-Meter-Input-Encoding", "gzip")]
    [InlineData("X-Meter-Input-Bytes", "1000", "X-Meter-Server-Context", "true")]
    public async Task What_nothing_bounds_is_denied_unless_a_largest_context_is_agreed(params string[] headers)
    {
        await using var host = await FakeHost.StartAsync();
        host.PutModelCustomer("strict", 10_000, Some.Reserved());
        var agreed = host.PutModelCustomer("agreed", 10_000, Some.Reserved() with { MaxContextTokens = 4_000 });
        await using var sidecar = await TestSidecar.StartAsync(host);
        (string, string)[] sent = [.. headers.Chunk(2).Where(pair => pair[0].Length > 0).Select(pair => (pair[0], pair[1]))];

        var denied = await sidecar.CheckAsync("strict", "chat", sent);
        Assert.Equal((413, "input_unbounded"), ((int)denied.StatusCode, denied.Header("X-Meter-Reason")));
        Assert.Equal("urn:metering:problem:too-large", (string?)(await denied.JsonAsync())["type"]);
        var nginx = await sidecar.CheckAsync("strict", "chat", [.. sent, ("X-Meter-Flavor", "nginx")]);
        Assert.Equal((403, "413"), ((int)nginx.StatusCode, nginx.Header("X-Meter-Status")));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("agreed", "chat", sent)).StatusCode);
        await host.UntilSpentAsync(agreed, 4_200);
    }

    [Theory]
    [InlineData("X-Meter-Input-Bytes: 7, X-Original-Content-Length: 8, Content-Length: 9", 7, false)]
    [InlineData("X-Original-Content-Length: 8, Content-Length: 9", 8, false)]
    [InlineData("Content-Length: 9, Content-Encoding: identity", 9, false)]
    [InlineData("Content-Length: 0", null, false)]
    [InlineData("Content-Length: 9, Content-Encoding: br", 9, true)]
    [InlineData("Content-Length: 9, Content-Encoding: br, X-Meter-Input-Encoding: identity", 9, false)]
    public void The_length_of_the_clients_body_is_read_from_where_a_gateway_can_say_it(string sent, int? bytes, bool encoded)
    {
        var headers = new Microsoft.AspNetCore.Http.HeaderDictionary();
        foreach (var header in sent.Split(", "))
        {
            headers[header.Split(": ")[0]] = header.Split(": ")[1];
        }

        Assert.Null(EnforcementSidecar.Http.ReservationHeaders.Read(headers, out var call));
        Assert.Equal((bytes, encoded), (call.InputBytes, call.InputIsEncoded));
    }

    [Theory]
    [InlineData("X-Meter-Input-Bytes", "-1")]
    [InlineData("X-Meter-Prompt-Tokens", "many")]
    [InlineData("X-Meter-Max-Output-Tokens", "0")]
    [InlineData("X-Meter-Choices", "0")]
    [InlineData("X-Meter-Choices", "129")]
    public async Task A_header_that_can_not_be_read_is_named(string header, string value)
    {
        await using var host = await FakeHost.StartAsync();
        host.PutModelCustomer("free", 10_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);

        var denied = await sidecar.CheckAsync("free", "chat", (header, value));

        Assert.Equal(HttpStatusCode.BadRequest, denied.StatusCode);
        Assert.Equal("header:" + header, (string?)(await denied.JsonAsync())["errors"]![0]!["pointer"]);
    }

    [Fact]
    public async Task An_estimate_learns_from_what_was_settled_how_long_answers_are()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 1_000_000, Some.Reserved(ReservationMode.Estimate));
        await using var sidecar = await TestSidecar.StartAsync(host);
        (string, string)[] headers = [("X-Meter-Model", "small"), ("X-Meter-Input-Bytes", "1000")];
        for (var i = 0; i < 20; i++)
        {
            var reservation = (await sidecar.CheckAsync("free", "chat", headers)).Header("X-Meter-Reservation")!;
            Assert.Equal(500, await ReservedAsync(sidecar, reservation));
        }

        var learnt = (await sidecar.CheckAsync("free", "chat", headers)).Header("X-Meter-Reservation")!;
        Assert.InRange(await ReservedAsync(sidecar, learnt), 330, 334);
        await host.UntilUsedAsync(entitlement, 21 * 120);

        static async Task<long> ReservedAsync(TestSidecar sidecar, string reservation) =>
            (long)(await (await sidecar.SettleAsync(reservation, Usage)).JsonAsync())["reserved"]!;
    }

    [Fact]
    public async Task A_request_that_is_asked_for_again_is_one_reservation()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        (string, string)[] headers = [("X-Meter-Request-Id", "one"), ("X-Meter-Input-Bytes", "1000")];

        var first = (await sidecar.CheckAsync("free", "chat", headers)).Header("X-Meter-Reservation");
        Assert.Equal(first, (await sidecar.CheckAsync("free", "chat", headers)).Header("X-Meter-Reservation"));
        await host.UntilSpentAsync(entitlement, 1_200);
    }

    [Fact]
    public async Task A_rate_limit_counts_calls_and_not_their_tokens()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 100_000);
        var feature = Some.Feature("chat", Some.Hard(entitlement, 100_000), new RateLimitTerms(3, 3_600, 3)) with { Reservation = Some.Reserved() };
        host.Put(Some.Customer("limited", feature));
        await using var sidecar = await TestSidecar.StartAsync(host);

        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((int)(await sidecar.CheckAsync("limited", "chat", ("X-Meter-Input-Bytes", "1000"))).StatusCode);
        }

        Assert.Equal([200, 200, 200, 429], statuses);
    }

    [Fact]
    public async Task More_than_was_reserved_is_taken_as_far_as_there_is_room_and_said()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 1_000);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 1_000))));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = await sidecar.ReserveAsync("free", 100);
        await host.UntilSpentAsync(entitlement, 100);

        var settled = await sidecar.SettleAsync(reservation, "\"units\":130");

        Assert.Equal("30", settled.Header("X-Meter-Overrun"));
        await host.UntilUsedAsync(entitlement, 130);
        await Eventually.TrueAsync(() => host.EventsNow().Length == 1, "the event");
        Assert.Equal("30", (string?)host.EventsNow()[0]["meteringoverrun"]);
    }

    [Theory]
    [InlineData("\"outputTokens\":40", 300 + 40)]
    [InlineData("\"outputBytes\":100", 300 + 30)]
    public async Task A_broken_stream_is_charged_for_its_input_and_what_was_streamed(string streamed, long used)
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"))).Header("X-Meter-Reservation")!;

        var settled = await sidecar.SettleAsync(reservation, $$"""
            "cancelled":{ {{streamed}} },"data":{"model":"small"}
            """);

        Assert.Equal(used, (long)(await settled.JsonAsync())["used"]!);
        await host.UntilUsedAsync(entitlement, used);
        await Eventually.TrueAsync(() => host.EventsNow().Length == 1, "the event");
        var data = host.EventsNow()[0]["data"]!;
        Assert.Equal(("small", true, used), ((string?)data["model"], (bool)data["estimated"]!, (long)data["usage"]!["total_tokens"]!));
    }

    [Fact]
    public async Task A_settlement_after_the_period_has_ended_is_of_the_period_of_the_check()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Some.Reserved());
        await using var sidecar = await TestSidecar.StartAsync(host);
        var start = host.Pool(entitlement).PeriodStart;
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"))).Header("X-Meter-Reservation")!;
        var asked = host.Now;
        await host.MoveToAsync(host.Pool(entitlement).PeriodEnd + NodaTime.Duration.FromHours(1));

        await sidecar.SettleAsync(reservation, Usage);

        await Eventually.TrueAsync(() => host.EventsNow().Length == 1, "the event");
        Assert.Equal((start, asked, 1_200L, 120L), host.SettlementsNow()
            .Select(one => (one.PeriodStart!.Value, one.ReservedAt, one.Reserved, one.Used)).Single());
        Assert.Equal(asked.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), (string?)host.EventsNow()[0]["time"]);
    }
}
