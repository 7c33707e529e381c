using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Portal.Tests;

/// <summary>Two customers with usage and invoices; each looks at the portal through its own link.</summary>
public sealed class PortalTests(PortalTests.TwoCustomers two) : IClassFixture<PortalTests.TwoCustomers>
{
    private readonly TestHost host = two.Host;

    [Fact]
    public async Task A_link_trades_its_token_for_a_cookie_and_leaves_the_address_bar()
    {
        var token = await TokenAsync("initech");
        Assert.EndsWith($"/portal/link/{token["token"]}", (string)token["url"]!, StringComparison.Ordinal);
        Assert.Equal(host.Now.Plus(NodaTime.Duration.FromHours(24)).ToString(), (string?)token["expiresAt"]);

        using var visitor = NewVisitor(followRedirects: false);
        using var response = await visitor.GetAsync($"/portal/link/{token["token"]}");
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/portal", response.Headers.Location!.ToString());
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/portal", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain((string)token["token"]!, cookie, StringComparison.Ordinal);
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task The_overview_shows_plan_limits_usage_and_cost()
    {
        using var visitor = await SignInAsync("initech");
        var page = await PageAsync(visitor, "/portal");
        var text = page.Body!.TextContent;
        Assert.Contains("initech GmbH", text, StringComparison.Ordinal);
        Assert.Contains("1 Feb 2026 – 28 Feb 2026", text, StringComparison.Ordinal);
        Assert.Contains("59.00 USD", text, StringComparison.Ordinal);
        Assert.Contains("2 of 5,000", text, StringComparison.Ordinal);
        Assert.Contains("Tier 2 (over 2,000,000 up to 10,000,000)", text, StringComparison.Ordinal);

        // Tokens and requests, ten days each, with a bar and a table row per day.
        var charts = page.QuerySelectorAll("svg.chart");
        Assert.Equal(2, charts.Length);
        Assert.All(charts, chart => Assert.Equal(31, chart.QuerySelectorAll("rect.day").Length));
        Assert.Contains("5 Feb: 4,000,000", charts[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("7 Feb: 1", charts[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_page_is_readable_by_everybody()
    {
        using var visitor = await SignInAsync("initech");
        foreach (var path in new[] { "/portal", "/portal/invoices" })
        {
            var page = await PageAsync(visitor, path);
            Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
            Assert.Single(page.QuerySelectorAll("h1"));
            Assert.Single(page.QuerySelectorAll("main"));
            Assert.All(page.QuerySelectorAll("svg"), svg => Assert.NotEmpty(svg.GetAttribute("aria-label")!));
            Assert.All(page.QuerySelectorAll("thead th"), header => Assert.Equal("col", header.GetAttribute("scope")));
            Assert.All(page.QuerySelectorAll("tbody tr"), row => Assert.NotNull(row.QuerySelector("th[scope]")));
            Assert.All(
                page.QuerySelectorAll("[aria-labelledby]"), part => Assert.NotNull(page.GetElementById(part.GetAttribute("aria-labelledby")!)));
            Assert.Equal(page.QuerySelectorAll("[id]").Select(element => element.Id).Distinct().Count(), page.QuerySelectorAll("[id]").Length);
            Assert.Single(page.QuerySelectorAll("nav a[aria-current=page]"));
        }
    }

    [Fact]
    public async Task A_page_loads_nothing_from_elsewhere_and_runs_nothing()
    {
        using var visitor = await SignInAsync("initech");
        using var response = await visitor.GetAsync("/portal");
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        var page = await ParseAsync(response);
        Assert.Empty(page.QuerySelectorAll("script, [style], style, img, iframe"));
        var sheet = page.QuerySelector("link[rel=stylesheet]")!.GetAttribute("href")!;
        using var style = await visitor.GetAsync(sheet);
        Assert.Equal("text/css", style.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("url(", await style.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_customer_sees_their_own_invoices_and_no_others()
    {
        using var initech = await SignInAsync("initech");
        using var globex = await SignInAsync("globex");
        var own = await NumbersAsync(initech);
        var others = await NumbersAsync(globex);
        Assert.Equal(2, own.Length);
        Assert.Equal(2, others.Length);
        Assert.Empty(own.Intersect(others));

        Assert.Equal(HttpStatusCode.OK, (await initech.GetAsync($"/portal/invoices/{own[0]}/html")).StatusCode);

        // Where WeasyPrint is not installed the PDF is a page that says so; it is never "not found" to its owner.
        Assert.NotEqual(HttpStatusCode.NotFound, (await initech.GetAsync($"/portal/invoices/{own[0]}/pdf")).StatusCode);
        foreach (var form in new[] { "html", "pdf" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await initech.GetAsync($"/portal/invoices/{others[0]}/{form}")).StatusCode);
        }

        var overview = (await PageAsync(globex, "/portal")).Body!.TextContent;
        Assert.DoesNotContain("initech", overview, StringComparison.Ordinal);
        Assert.DoesNotContain("4,000,000", overview, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_session_every_page_is_closed_with_a_friendly_word()
    {
        var paths = host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/portal", StringComparison.Ordinal))
            .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET"))
            .Select(route => route.RoutePattern.RawText!)
            .Where(path => !path.StartsWith("/portal/link", StringComparison.Ordinal))
            .Where(path => !path.StartsWith("/portal/style", StringComparison.Ordinal))
            .ToArray();
        Assert.Equal(4, paths.Length);
        using var visitor = NewVisitor();
        visitor.DefaultRequestHeaders.Add("Cookie", "metering_portal=guessed");
        foreach (var path in paths)
        {
            using var response = await visitor.GetAsync(path.Replace("{number}", "INV-2026-000001", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Please open your link again", (await ParseAsync(response)).QuerySelector("h1")!.TextContent);
        }
    }

    [Fact]
    public async Task An_api_key_opens_no_page_and_a_session_no_api_route()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Client.GetAsync("/portal")).StatusCode);
        using var visitor = await SignInAsync("initech");
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("/api/v1/billing/invoices")).StatusCode);
    }

    [Fact]
    public async Task A_revoked_link_ends_its_sessions()
    {
        var token = await TokenAsync("initech");
        using var visitor = NewVisitor();
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync($"/portal/link/{token["token"]}")).StatusCode);
        await host.PostAsync("/api/v1/portal/tokens/invalidate", new JsonObject { ["id"] = token["id"]!.DeepClone() }, 204);
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("/portal")).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await visitor.GetAsync($"/portal/link/{token["token"]}")).StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        using var visitor = await SignInAsync("initech");
        Assert.Equal(HttpStatusCode.OK, (await visitor.PostAsync("/portal/sign-out", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("/portal")).StatusCode);
    }

    [Fact]
    public async Task Only_hashes_of_secrets_are_kept()
    {
        var token = (string)(await TokenAsync("initech"))["token"]!;
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(CancellationToken.None);
        var rows = await session.QueryAsync<string>("select link::text from portal.link link", null, CancellationToken.None);
        Assert.DoesNotContain(rows, row => row.Contains(token, StringComparison.Ordinal));
        var asBytes = Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(token));
        Assert.DoesNotContain(rows, row => row.Contains(asBytes, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_list_says_of_each_invoice_whether_it_is_still_to_be_paid()
    {
        await using var own = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await own.PublishSampleTiersAsync();
        await own.SignUpAsync("initech", "pro");
        await own.AdvanceToAsync("2026-02-20T00:00:00Z");
        var invoices = (await own.GetAsync("/api/v1/billing/invoices?orderBy=issuedAt"))["items"]!.AsArray();
        await own.PostAsync($"/api/v1/billing/invoices/{invoices[1]!["id"]}/payments", new JsonObject { ["amount"] = "10" }, 200);
        var token = await own.PostAsync("/api/v1/portal/tokens", new JsonObject { ["subject"] = "initech" }, 200);
        using var visitor = new HttpClient { BaseAddress = own.Url };

        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync($"/portal/link/{token["token"]}")).StatusCode);
        Assert.Equal(["Overdue", "Overdue"], await StandingsAsync(visitor));
        await own.PostAsync($"/api/v1/billing/invoices/{invoices[1]!["id"]}/payments", new JsonObject(), 200);
        await own.PostAsync($"/api/v1/billing/invoices/{invoices[0]!["id"]}/void", JsonNode.Parse(
            """{"reason":"Twice","action":{"percentage":100,"action":{"type":"discard"}}}""")!, 200);
        Assert.Equal(["Paid", "Voided"], await StandingsAsync(visitor));
    }

    [Fact]
    public async Task Of_several_subscriptions_the_costs_are_told_plan_by_plan()
    {
        await using var own = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await own.PublishSampleTiersAsync();
        await own.SignUpAsync("initech", "pro");
        await own.PostAsync("/api/v1/subscriptions", JsonNode.Parse("""
            {"customerKey":"initech","customPlan":{"name":"Support","currency":"USD","billingCadence":"P1M","phases":[
             {"key":"main","name":"Main","duration":null,"rateCards":[{"type":"flat_fee","key":"support","name":"Support","billingCadence":"P1M",
              "price":{"type":"flat","amount":"20","paymentTerm":"in_advance"} }]}]} }
            """)!, 201);
        var token = await own.PostAsync("/api/v1/portal/tokens", new JsonObject { ["customerKey"] = "initech" }, 200);
        using var visitor = new HttpClient { BaseAddress = own.Url };

        using var page = await visitor.GetAsync($"/portal/link/{token["token"]}");

        var headings = (await ParseAsync(page)).QuerySelectorAll("h2").Select(heading => heading.TextContent).ToList();
        Assert.Contains("Cost so far of Support, and why", headings);
        Assert.Contains("What your plans include", headings);
    }

    [Fact]
    public async Task A_feature_that_no_plan_names_is_called_by_its_own_name()
    {
        await using var own = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await own.PostAsync("/api/v1/features", new JsonObject { ["key"] = "single_sign_on", ["name"] = "Single sign-on" }, 201);
        await own.PostAsync("/api/v1/customers", new JsonObject { ["key"] = "initech", ["name"] = "Initech" }, 201);
        await own.PostAsync(
            "/api/v2/customers/initech/entitlements", new JsonObject { ["type"] = "boolean", ["featureKey"] = "single_sign_on" }, 201);
        var token = await own.PostAsync("/api/v1/portal/tokens", new JsonObject { ["customerKey"] = "initech" }, 200);
        using var visitor = new HttpClient { BaseAddress = own.Url };

        using var page = await visitor.GetAsync($"/portal/link/{token["token"]}");

        var names = (await ParseAsync(page)).QuerySelectorAll(".limit-name").Select(name => name.TextContent);
        Assert.Equal(["Single sign-on"], names);
    }

    [Theory]
    [InlineData("""{"subject":"initech","allowedMeterSlugs":["tokens","nothing"]}""", "/allowedMeterSlugs/1")]
    [InlineData("""{}""", "")]
    [InlineData("""{"subject":"initech","customerKey":"initech"}""", "")]
    [InlineData("""{"customerKey":"nobody"}""", "/customerKey")]
    [InlineData("""{"customerId":"nobody"}""", "/customerId")]
    [InlineData("""{"subject":"nobody"}""", "/subject")]
    [InlineData("""{"subject":"initech","expiresAfter":"P31D"}""", "/expiresAfter")]
    [InlineData("""{"subject":"initech","expiresAfter":"P1M"}""", "/expiresAfter")]
    [InlineData("""{"subject":"initech","expiresAfter":"-PT1H"}""", "/expiresAfter")]
    [InlineData("""{"subject":"initech","expiresAfter":"P99999999999D"}""", "/expiresAfter")]
    [InlineData("""{"subject":"initech","expiresAfter":"PT999999999999999999S"}""", "/expiresAfter")]
    public async Task A_wrong_request_for_a_token_is_named(string body, string pointer)
    {
        var problem = await host.PostAsync("/api/v1/portal/tokens", JsonNode.Parse(body)!, 400);
        Assert.Equal(pointer, (string?)problem["errors"]![0]!["pointer"]);
    }

    private async Task<JsonNode> TokenAsync(string subject) =>
        await host.PostAsync("/api/v1/portal/tokens", new JsonObject { ["subject"] = subject }, 200);

    private HttpClient NewVisitor(bool followRedirects = true) =>
        new(new HttpClientHandler { AllowAutoRedirect = followRedirects }) { BaseAddress = host.Url };

    private async Task<HttpClient> SignInAsync(string subject)
    {
        var token = await TokenAsync(subject);
        var visitor = NewVisitor();
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync($"/portal/link/{token["token"]}")).StatusCode);
        return visitor;
    }

    private static async Task<string[]> NumbersAsync(HttpClient visitor) =>
        [.. (await PageAsync(visitor, "/portal/invoices")).QuerySelectorAll("tbody th").Select(cell => cell.TextContent)];

    private static async Task<string[]> StandingsAsync(HttpClient visitor) =>
        [.. (await PageAsync(visitor, "/portal/invoices")).QuerySelectorAll("tbody tr td:nth-last-child(2)").Select(cell => cell.TextContent)];

    private static async Task<IDocument> PageAsync(HttpClient visitor, string path)
    {
        using var response = await visitor.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await ParseAsync(response);
    }

    private static async Task<IDocument> ParseAsync(HttpResponseMessage response) =>
        new HtmlParser().ParseDocument(await response.Content.ReadAsStringAsync());

    public sealed class TwoCustomers : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
            await Host.PublishSampleTiersAsync();
            await Host.SignUpAsync("initech", "pro");
            await Host.SignUpAsync("globex", "pro");
            await Host.UseTokensAsync("globex", "g1", "2026-01-08T12:00:00Z", 3_000_000);
            await Host.AdvanceToAsync("2026-02-10T10:00:00Z");
            await Host.UseTokensAsync("initech", "1", "2026-02-05T12:00:00Z", 4_000_000);
            await Host.UseTokensAsync("initech", "2", "2026-02-07T12:00:00Z", 0);
            await Host.UseTokensAsync("initech", "3", "2026-02-10T08:00:00Z", 0);
            await Host.UseTokensAsync("initech", "4", "2026-02-10T09:00:00Z", 0);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
