using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class ChecksTests
{
    private static readonly string Summaries = Some.Id();
    private static readonly string Searches = Some.Id();

    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync()
    {
        var host = await FakeHost.StartAsync();
        host.AddPool(Summaries, 10);
        host.AddPool(Searches, 4);
        var summarize = Some.Feature("summarize", Some.Hard(Summaries, 10), new RateLimitTerms(20, 60, 20));
        var search = Some.Feature("search", Some.Hard(Searches, 4)) with { BodySize = new SizeTerms(100, PassWhenUnknown: true) };
        host.Put(Some.Customer("free", summarize with { Concurrency = new ConcurrencyTerms(9, 60) }, search));
        host.Put(Some.Customer("suspended", Some.Feature("search")) with { Status = CustomerStatus.Suspended });
        return (host, await TestSidecar.StartAsync(host));
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(TestSidecar sidecar, string body, string key = "free")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/checks")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"), Headers = { { "X-Api-Key", key } },
        };
        using var response = await sidecar.Client.SendAsync(request);
        return (response.StatusCode, await response.JsonAsync());
    }

    private static string Outcomes(JsonNode body) => string.Join(' ', body["results"]!.AsArray().Select(one => (string?)one!["outcome"]));

    private static async Task<string> LeftAsync(TestSidecar sidecar)
    {
        var features = (await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync())["features"]!;
        return $"{features[0]!["quota"]!["remaining"]} {features[0]!["rateLimits"]![0]!["remaining"]} "
            + $"{features[0]!["concurrency"]!["remaining"]} {features[1]!["quota"]!["remaining"]}";
    }

    [Fact]
    public async Task Each_question_is_answered_for_itself()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        var (status, body) = await AskAsync(sidecar, """
            {"checks":[{"feature":"summarize","units":3},{"feature":"search","units":5},{"feature":"other"},{"feature":"search","bodyBytes":101},
             {"feature":"search","units":4,"bodyBytes":100,"promptTokens":5}]}
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("allowed denied denied denied allowed", Outcomes(body));
        Assert.Equal(("each", false), ((string?)body["mode"], (bool)body["allowed"]!));
        Assert.Equal(["quota_exhausted", "feature_not_entitled", "request_too_large"],
            body["results"]!.AsArray().Skip(1).Take(3).Select(one => (string?)one!["reason"]));
        Assert.Equal((429, "search", 4L), ((int)body["results"]![1]!["status"]!, (string?)body["results"]![1]!["feature"],
            (long)body["results"]![1]!["remaining"]!));
        Assert.Equal("7 17 8 0", await LeftAsync(sidecar));
    }

    [Fact]
    public async Task All_are_admitted_together_and_each_has_a_reservation_of_its_own()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        var (_, body) = await AskAsync(sidecar, """
            {"mode":"all","checks":[{"feature":"summarize","units":2},{"feature":"search","units":3},{"feature":"summarize","units":4}]}
            """);

        Assert.True((bool)body["allowed"]!);
        Assert.Equal(3, body["results"]!.AsArray().Select(one => (string?)one!["reservation"]).Distinct().Count());
        Assert.Equal("4 14 7 1", await LeftAsync(sidecar));
        var settled = await sidecar.Client.PostAsync("/v1/settle", new StringContent(
            new JsonObject { ["reservation"] = (string?)body["results"]![0]!["reservation"] }.ToJsonString(), Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Accepted, settled.StatusCode);
        Assert.Equal("4 14 8 1", await LeftAsync(sidecar));
    }

    [Theory]
    [InlineData("""{"feature":"search","units":5}""", "not_taken not_taken denied", "quota_exhausted")]
    [InlineData("""{"feature":"search","units":3},{"feature":"search","units":2}""", "not_taken not_taken denied not_taken", "quota_exhausted")]
    [InlineData("""{"feature":"summarize","units":18}""", "not_taken not_taken denied", "rate_limited")]
    [InlineData("""{"feature":"other"}""", "not_taken not_taken denied", "feature_not_entitled")]
    [InlineData("""{"feature":"search","bodyBytes":101}""", "not_taken not_taken denied", "request_too_large")]
    public async Task One_that_is_denied_denies_all_and_nothing_is_burnt(string last, string outcomes, string reason)
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        var before = await LeftAsync(sidecar);

        for (var i = 0; i < 15; i++)
        {
            var (_, body) = await AskAsync(
                sidecar, $$"""{"mode":"all","checks":[{"feature":"summarize","units":2},{"feature":"summarize"},{{last}}]}""");
            Assert.Equal((outcomes, false), (Outcomes(body), (bool)body["allowed"]!));
            Assert.Equal(reason, (string?)body["results"]![2]!["reason"]);
        }

        Assert.Equal(before, await LeftAsync(sidecar));
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        }
    }

    [Fact]
    public async Task Whose_key_it_is_is_asked_once_for_all()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        const string two = """{"checks":[{"feature":"search"},{"feature":"search"}]}""";

        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(sidecar, two, "nobody")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(sidecar, two, "suspended")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await sidecar.Client.GetAsync("/v1/checks")).StatusCode);
    }

    [Theory]
    [InlineData("[]", "/checks")]
    [InlineData("{", "")]
    [InlineData("""{"checks":[]}""", "/checks")]
    [InlineData("""{"checks":{}}""", "/checks")]
    [InlineData("""{"checks":[{"feature":"a"}],"mode":"some"}""", "/mode")]
    [InlineData("""{"checks":[{"feature":"a"}],"key":"x"}""", "/key")]
    [InlineData("""{"checks":[{"feature":"a"},7]}""", "/checks/1")]
    [InlineData("""{"checks":[{}]}""", "/checks/0/feature")]
    [InlineData("""{"checks":[{"feature":"a b"}]}""", "/checks/0/feature")]
    [InlineData("""{"checks":[{"feature":"a","units":0}]}""", "/checks/0/units")]
    [InlineData("""{"checks":[{"feature":"a","units":1.5}]}""", "/checks/0/units")]
    [InlineData("""{"checks":[{"feature":"a","units":"1"}]}""", "/checks/0/units")]
    [InlineData("""{"checks":[{"feature":"a","bodyBytes":-1}]}""", "/checks/0/bodyBytes")]
    [InlineData("""{"checks":[{"feature":"a","promptTokens":null}]}""", "/checks/0/promptTokens")]
    [InlineData("""{"checks":[{"feature":"a","colour":1}]}""", "/checks/0/colour")]
    public async Task What_can_not_be_read_is_named(string body, string pointer)
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        var (status, problem) = await AskAsync(sidecar, body);

        Assert.Equal((HttpStatusCode.BadRequest, pointer), (status, (string?)problem["errors"]![0]!["pointer"]));
    }

    [Fact]
    public async Task A_hundred_questions_are_answered_and_one_more_is_not()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        string Asking(int count) => $$"""{"checks":[{{string.Join(',', Enumerable.Repeat("""{"feature":"search"}""", count))}}]}""";

        var (_, body) = await AskAsync(sidecar, Asking(100));
        Assert.Equal(4, body["results"]!.AsArray().Count(one => (string?)one!["outcome"] == "allowed"));
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(sidecar, Asking(101))).Status);
    }
}
