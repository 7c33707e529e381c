using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class SettleTests
{
    private static async Task<(FakeHost Host, TestSidecar Sidecar, string Reservation)> StartAsync()
    {
        var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize.v2"), Some.Feature("unmetered") with { EventType = null }));
        var sidecar = await TestSidecar.StartAsync(host);
        return (host, sidecar, (await sidecar.CheckAsync("free", "summarize.v2")).Header("X-Meter-Reservation")!);
    }

    private static Task<HttpResponseMessage> SettleAsync(TestSidecar sidecar, JsonNode body) => sidecar.Client.PostAsJsonAsync("/v1/settle", body);

    [Fact]
    public async Task A_settled_reservation_becomes_one_usage_event_at_the_time_of_the_check()
    {
        var (host, sidecar, reservation) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        await host.MoveToAsync(host.Now + Duration.FromDays(3));

        var answer = await SettleAsync(sidecar, new JsonObject { ["reservation"] = reservation, ["data"] = new JsonObject { ["total_tokens"] = 7 } });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(reservation[..26], (string?)(await answer.JsonAsync())["eventId"]);

        await Eventually.TrueAsync(() => host.EventsNow().Length == 1, "the event");
        var usage = host.EventsNow()[0].ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        var epoch = (string)host.EventsNow()[0]["meteringepoch"]!;
        usage = usage.Replace(reservation[..26], "RESERVATION", StringComparison.Ordinal).Replace(epoch, "EPOCH", StringComparison.Ordinal);
        Golden.Matches(usage, "settled-event.json");
    }

    [Fact]
    public async Task Settling_again_is_the_same_event()
    {
        var (host, sidecar, reservation) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        for (var i = 0; i < 3; i++)
        {
            var answer = await SettleAsync(sidecar, new JsonObject { ["reservation"] = reservation, ["type"] = "llm" });
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        await Eventually.TrueAsync(() => host.EventsNow().Length == 3, "the event, three times");
        Assert.Equal(["1", "2", "3"], host.EventsNow().Select(one => (string?)one["meteringseq"]));
        Assert.Single(host.EventsNow().Select(one =>
        {
            var unnumbered = one.DeepClone().AsObject();
            unnumbered.Remove("meteringseq");
            return unnumbered.ToJsonString();
        }).Distinct());
    }

    [Fact]
    public async Task What_can_not_be_settled_is_refused_with_its_reason()
    {
        var (host, sidecar, reservation) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        var unmetered = (await sidecar.CheckAsync("free", "unmetered")).Header("X-Meter-Reservation")!;
        var forged = reservation.Replace(".1.", ".2.", StringComparison.Ordinal);
        (string Body, int Status, string? Pointer)[] cases =
        [
            ("{}", 400, "/reservation"),
            ("[]", 400, "/reservation"),
            ("{", 400, ""),
            ("""{"reservation":"nonsense"}""", 400, "/reservation"),
            ($$"""{"reservation":"{{forged}}"}""", 401, "/reservation"),
            ($$"""{"reservation":"{{unmetered}}"}""", 400, "/type"),
            ($$"""{"reservation":"{{reservation}}","data":7}""", 400, "/data"),
            ($$"""{"reservation":"{{reservation}}","type":"a\u0000"}""", 400, "/type"),
            ($$"""{"reservation":"{{reservation}}","type":"\ud800"}""", 400, ""),
            ($$"""{"reservation":"{{reservation}}","data":{"\ud800":1} }""", 400, ""),
            ("""{"reservation":"\ud800"}""", 400, ""),
            ($$"""{"reservation":"{{reservation}}","unit":7}""", 400, "/unit"),
            ($$"""{"reservation":"{{reservation}}","units":-1}""", 400, "/units"),
            ($$"""{"reservation":"{{reservation}}","cancelled":{"outputTokens":1} }""", 400, "/cancelled"),
            ("\"" + new string('x', 70_000) + "\"", 413, null),
        ];
        foreach (var (body, status, pointer) in cases)
        {
            var answer = await sidecar.Client.PostAsync("/v1/settle", new StringContent(body));
            Assert.Equal((body, status), (body, (int)answer.StatusCode));
            Assert.Equal(pointer, (string?)(await answer.JsonAsync())["errors"]?[0]?["pointer"]);
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await sidecar.Client.GetAsync("/v1/settle")).StatusCode);
    }

    [Fact]
    public async Task Usage_settled_while_the_server_is_away_survives_kill_and_arrives_once()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize")));
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var ids = new List<string>();
        await using (var sidecar = await SidecarProcess.StartAsync(host, directory))
        {
            sidecar.Client.DefaultRequestHeaders.Add("X-Api-Key", "free");
            sidecar.Client.DefaultRequestHeaders.Add("X-Meter-Feature", "summarize");
            await host.GoAwayAsync();
            for (var i = 0; i < 50; i++)
            {
                var reservation = (await sidecar.Client.GetAsync("/v1/check")).Header("X-Meter-Reservation")!;
                ids.Add(reservation[..26]);
                var answer = await sidecar.Client.PostAsJsonAsync("/v1/settle", new JsonObject { ["reservation"] = reservation });
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            }

            await sidecar.KillAsync();
        }

        await host.ComeBackAsync();
        await using (await SidecarProcess.StartAsync(host, directory))
        {
            await Eventually.TrueAsync(() => host.EventsNow().Length >= ids.Count, "the events");
        }

        Assert.Equal(ids, host.EventsNow().Select(one => (string)one["id"]!));
    }

    [Fact]
    public async Task An_event_that_the_server_refuses_is_parked_alone_and_holds_nobody_up()
    {
        var (host, sidecar, reservation) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        host.RefusedEventType = "bad";
        host.FailingWith = 503;
        for (var i = 0; i < 9; i++)
        {
            var mine = (await sidecar.CheckAsync("free", "summarize.v2")).Header("X-Meter-Reservation");
            await SettleAsync(sidecar, new JsonObject { ["reservation"] = mine, ["type"] = i == 4 ? "bad" : "good" });
        }

        host.FailingWith = 0;
        await Eventually.TrueAsync(() => host.EventsNow().Length == 8, "the good events");
        var parked = JsonNode.Parse(File.ReadAllLines(Path.Combine(sidecar.DataDirectory, "parked.ndjson")).Single())!;
        Assert.Equal("bad", (string?)parked["event"]!["type"]);
        Assert.Equal(400, (int)parked["status"]!);
        Assert.NotEqual(reservation[..26], (string?)parked["event"]!["id"]);
    }
}
