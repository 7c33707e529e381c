using System.Net;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Platform.Tests.Http;

/// <summary><c>ETag</c> and <c>If-Match</c>, on every resource that has them.</summary>
public sealed class EntityTagTests : IAsyncLifetime
{
    private const string Plan = """
        {"key":"basic","name":"Basic","currency":"USD","billingCadence":"P1M","metadata":{"b":"2","a":"1"},
         "phases":[{"key":"main","name":"Main","duration":null,
            "rateCards":[{"type":"flat_fee","key":"fee","name":"Fee","billingCadence":"P1M",
                          "price":{"type":"flat","amount":"49.00","paymentTerm":"in_advance"}}]}]}
        """;

    private const string Customer = """{"name":"Acme","key":"acme","metadata":{"z":"1","a":"2"},"billingAddress":{"country":"DE"}}""";

    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Who_creates_a_resource_and_who_reads_it_are_told_the_same_tag()
    {
        (string Path, string Body)[] resources =
        [
            ("/api/v1/customers", Customer),
            ("/api/v1/features", """{"key":"chat","name":"Chat","metadata":{"z":"1","a":"2"}}"""),
            ("/api/v1/meters", """{"slug":"tokens","aggregation":"SUM","eventType":"t","valueProperty":"$.n","groupBy":{"m":"$.m"}}"""),
            ("/api/v1/plans", Plan),
        ];
        foreach (var (path, body) in resources)
        {
            using var created = await SendAsync(HttpMethod.Post, path, body);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            using var read = await host.Client.GetAsync(created.Headers.Location);
            Assert.False(created.Headers.ETag!.IsWeak);
            Assert.Equal(created.Headers.ETag, read.Headers.ETag);
        }
    }

    [Fact]
    public async Task A_change_of_what_was_not_seen_is_refused_at_the_same_instant_too()
    {
        using var created = await SendAsync(HttpMethod.Post, "/api/v1/customers", Customer);
        var seen = created.Headers.ETag!.Tag;
        using var mine = await SendAsync(HttpMethod.Put, "/api/v1/customers/acme", """{"name":"Mine","key":"acme"}""", seen);
        Assert.Equal(HttpStatusCode.OK, mine.StatusCode);
        Assert.NotEqual(seen, mine.Headers.ETag!.Tag);

        using var yours = await SendAsync(HttpMethod.Put, "/api/v1/customers/acme", """{"name":"Yours","key":"acme"}""", seen);
        var problem = JsonNode.Parse(await yours.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.PreconditionFailed, yours.StatusCode);
        Assert.Equal("urn:metering:problem:precondition-failed", (string)problem["type"]!);
        Assert.Equal("header:If-Match", (string)problem["errors"]![0]!["pointer"]!);
        Assert.Equal("Mine", (string)(await host.GetAsync("/api/v1/customers/acme"))["name"]!);
    }

    [Fact]
    public async Task Of_many_changes_of_one_version_one_is_made()
    {
        using var created = await SendAsync(HttpMethod.Post, "/api/v1/customers", Customer);
        var seen = created.Headers.ETag!.Tag;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number =>
            SendAsync(HttpMethod.Put, "/api/v1/customers/acme", $$"""{"name":"Number {{number}}","key":"acme"}""", seen)));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task If_Match_is_read_as_the_standard_says()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/customers", Customer);
        (string IfMatch, int Status)[] cases =
            [("*", 200), ("TAG", 200), ("\"other\", TAG", 200), ("\"other\"", 412), ("W/TAG", 412), ("unquoted", 400)];
        foreach (var (ifMatch, status) in cases)
        {
            using var read = await host.Client.GetAsync("/api/v1/customers/acme");
            var header = ifMatch.Replace("TAG", read.Headers.ETag!.Tag, StringComparison.Ordinal);
            using var answer = await SendAsync(HttpMethod.Put, "/api/v1/customers/acme", $$"""{"name":"New {{status}}","key":"acme"}""", header);
            Assert.True(status == (int)answer.StatusCode, $"{ifMatch}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Every_change_of_a_resource_honours_If_Match()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/customers", Customer);
        await SendAsync(HttpMethod.Post, "/api/v1/features", """{"key":"chat","name":"Chat"}""");
        await SendAsync(HttpMethod.Post, "/api/v1/meters", """{"slug":"tokens","aggregation":"COUNT","eventType":"t"}""");
        await SendAsync(HttpMethod.Post, "/api/v1/plans", Plan);
        await StaleAsync(HttpMethod.Put, "/api/v1/plans/basic", Plan);
        await StaleAsync(HttpMethod.Delete, "/api/v1/plans/basic");
        await StaleAsync(HttpMethod.Post, "/api/v1/plans/basic/publish", "{}");
        await SendAsync(HttpMethod.Post, "/api/v1/plans/basic/publish", "{}");
        await StaleAsync(HttpMethod.Post, "/api/v1/plans/basic/archive", "{}");
        using var subscribed = await SendAsync(HttpMethod.Post, "/api/v1/subscriptions", """{"plan":{"key":"basic"},"customerKey":"acme"}""");
        using var read = await host.Client.GetAsync(subscribed.Headers.Location);
        Assert.Equal(subscribed.Headers.ETag, read.Headers.ETag);
        await StaleAsync(HttpMethod.Post, $"{subscribed.Headers.Location}/cancel", """{"timing":"immediate"}""");
        await StaleAsync(HttpMethod.Put, "/api/v1/customers/acme", Customer);
        await StaleAsync(HttpMethod.Delete, "/api/v1/customers/acme");
        await StaleAsync(HttpMethod.Delete, "/api/v1/features/chat");
        await StaleAsync(HttpMethod.Put, "/api/v1/meters/tokens", "{}");
        await StaleAsync(HttpMethod.Delete, "/api/v1/meters/tokens");
        const string Profile = """{"name":"Default","default":true,"supplier":{"name":"Seller"},"workflow":{}}""";
        await StaleAsync(HttpMethod.Put, "/api/v1/billing/profiles/default", Profile);
        using var known = await host.Client.GetAsync("/api/v1/billing/profiles/default");
        using var replaced = await SendAsync(HttpMethod.Put, "/api/v1/billing/profiles/default", Profile, known.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.OK, replaced.StatusCode);
    }

    private async Task StaleAsync(HttpMethod method, string path, string? body = null)
    {
        using var answer = await SendAsync(method, path, body, "\"stale\"");
        Assert.True(answer.StatusCode == HttpStatusCode.PreconditionFailed, $"{method} {path}: {(int)answer.StatusCode}");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, null, "application/json");
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await host.Client.SendAsync(request);
    }
}
