using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class SizeTests
{
    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync(SizeTerms? body, SizeTerms? prompt)
    {
        var host = await FakeHost.StartAsync();
        var limited = Some.Feature("summarize", null, new RateLimitTerms(5, 60, 5)) with { BodySize = body, PromptSize = prompt };
        host.Put(Some.Customer("free", limited with { Concurrency = new ConcurrencyTerms(9, 60) }));
        return (host, await TestSidecar.StartAsync(host));
    }

    [Theory]
    [InlineData("1000", null, 200, null)]
    [InlineData("1001", null, 413, "request_too_large")]
    [InlineData("0", null, 200, null)]
    [InlineData(null, null, 413, "request_size_unknown")]
    [InlineData("", null, 413, "request_size_unknown")]
    [InlineData("10", "50", 200, null)]
    [InlineData("10", "51", 413, "prompt_too_large")]
    [InlineData("1001", "51", 413, "request_too_large")]
    [InlineData("-1", null, 400, "invalid_request")]
    [InlineData("1e3", null, 400, "invalid_request")]
    [InlineData("10", "many", 400, "invalid_request")]
    public async Task The_size_is_judged_by_the_headers_alone(string? length, string? tokens, int status, string? reason)
    {
        var (host, sidecar) = await StartAsync(new SizeTerms(1_000, PassWhenUnknown: false), new SizeTerms(50, PassWhenUnknown: true));
        await using var _ = host;
        await using var __ = sidecar;

        var answer = await AskAsync(sidecar, length, tokens);

        Assert.Equal((status, reason), ((int)answer.StatusCode, answer.Header("X-Meter-Reason")));
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 413)]
    public async Task What_becomes_of_a_length_that_nobody_tells_is_a_choice_of_the_limit(bool pass, int status)
    {
        var (host, sidecar) = await StartAsync(new SizeTerms(1_000, pass), null);
        await using var _ = host;
        await using var __ = sidecar;

        Assert.Equal(status, (int)(await AskAsync(sidecar, null, null)).StatusCode);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1/check")
        {
            Content = new StreamContent(new MemoryStream(new byte[20])), Headers = { TransferEncodingChunked = true },
        };
        chunked.Headers.Add("X-Api-Key", "free");
        chunked.Headers.Add("X-Meter-Feature", "summarize");
        Assert.Equal(status, (int)(await sidecar.Client.SendAsync(chunked)).StatusCode);
    }

    [Fact]
    public async Task A_body_that_the_gateway_sends_along_is_told_by_its_own_length()
    {
        var (host, sidecar) = await StartAsync(new SizeTerms(10, PassWhenUnknown: false), null);
        await using var _ = host;
        await using var __ = sidecar;
        foreach (var (bytes, status) in new[] { (10, 200), (11, 413) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/check/x") { Content = new ByteArrayContent(new byte[bytes]) };
            request.Headers.Add("X-Api-Key", "free");
            request.Headers.Add("X-Meter-Feature", "summarize");
            Assert.Equal(status, (int)(await sidecar.Client.SendAsync(request)).StatusCode);
        }
    }

    [Fact]
    public async Task What_is_too_large_burns_nothing_and_names_the_limit()
    {
        var (host, sidecar) = await StartAsync(new SizeTerms(1_000, PassWhenUnknown: false), null);
        await using var _ = host;
        await using var __ = sidecar;

        HttpResponseMessage denied = new();
        for (var i = 0; i < 20; i++)
        {
            denied = await AskAsync(sidecar, "1001", null);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, denied.StatusCode);
        }

        Assert.Equal("\"summarize-body\";level=body;limit=1000;remaining=1000", denied.Header("X-Meter-Limit"));
        Assert.Null(denied.Header("Retry-After"));
        var problem = await denied.JsonAsync();
        Assert.Equal("urn:metering:problem:too-large", (string?)problem["type"]);
        Assert.Equal(("body", 1_000L), ((string?)problem["level"], (long)problem["limit"]!));
        Assert.Contains("\"summarize-rate-60s\";r=4;", (await AskAsync(sidecar, "1", null)).Header("RateLimit"), StringComparison.Ordinal);
        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        var feature = limits["features"]![0]!;
        Assert.Equal((1_000L, "refuse"), ((long)feature["bodySize"]!["maxBytes"]!, (string?)feature["bodySize"]!["whenUnknown"]));
        Assert.Equal(8, (long)feature["concurrency"]!["remaining"]!);
        Assert.Null(feature["promptSize"]);
    }

    private static Task<HttpResponseMessage> AskAsync(TestSidecar sidecar, string? length, string? tokens)
    {
        var headers = new List<(string, string)>();
        if (length is not null)
        {
            headers.Add(("X-Original-Content-Length", length));
        }

        if (tokens is not null)
        {
            headers.Add(("X-Meter-Prompt-Tokens", tokens));
        }

        return sidecar.CheckAsync("free", "summarize", [.. headers]);
    }
}
