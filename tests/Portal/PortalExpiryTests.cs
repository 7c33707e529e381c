using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using Metering.Testing;
using Xunit;

namespace Metering.Portal.Tests;

public sealed class PortalExpiryTests
{
    [Fact]
    public async Task Links_and_sessions_end_by_the_products_clock_and_say_so_kindly()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "free");
        var token = await host.PostAsync("/api/v1/portal/tokens", new JsonObject { ["customerKey"] = "initech", ["expiresAfter"] = "PT2H" });
        var link = $"/portal/link/{token["token"]}";
        using var visitor = new HttpClient { BaseAddress = host.Url };
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync(link)).StatusCode);

        await host.AdvanceToAsync("2026-01-01T01:59:59Z");
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync("/portal")).StatusCode);
        await host.AdvanceToAsync("2026-01-01T02:00:00Z");
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("/portal")).StatusCode);
        using var late = await visitor.GetAsync(link);
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
        var page = new HtmlParser().ParseDocument(await late.Content.ReadAsStringAsync());
        Assert.Equal("This link no longer works", page.QuerySelector("h1")!.TextContent);
    }

    [Theory]
    [InlineData("https://billing.example", true)]
    [InlineData("http://127.0.0.1", false)]
    public async Task A_cookie_is_for_TLS_alone_where_customers_come_by_TLS(string publicUrl, bool secure)
    {
        await using var host = await TestHost.StartAsync(publicUrl: publicUrl);
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "free");
        var token = await host.PostAsync("/api/v1/portal/tokens", new JsonObject { ["customerKey"] = "initech" });
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var visitor = new HttpClient(handler) { BaseAddress = host.Url };

        using var response = await visitor.GetAsync($"/portal/link/{token["token"]}");

        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.Equal(secure, cookie.Contains("; secure", StringComparison.OrdinalIgnoreCase));
    }
}
