using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Invoices;

/// <summary>One Pro customer with one billed month, seen through the HTTP face.</summary>
public sealed class InvoiceApiTests(InvoiceApiTests.Billed billed) : IClassFixture<InvoiceApiTests.Billed>
{
    private const string Number = "INV-2026-000002";

    private readonly TestHost host = billed.Host;

    [Fact]
    public async Task The_json_explains_every_amount()
    {
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        Assert.Equal("issued", (string?)invoice["status"]);
        Assert.Equal("286.04", (string?)invoice["totals"]!["total"]);
        var line = invoice["lines"]!.AsArray().Single(one => (string?)one!["featureKey"] == "tokens")!;
        Assert.Equal("62345678", (string?)line["meteredQuantity"]);
        Assert.Equal("tokens", (string?)line["explanation"]!["meterSlug"]);
        Assert.Equal("initech", (string?)line["explanation"]!["subjects"]!.AsArray().Single());
        Assert.Equal(1, (int)line["explanation"]!["planVersion"]!);
        Assert.Equal("graduated", (string?)line["rateCard"]!["price"]!["mode"]);
        var last = line["children"]!.AsArray().Last()!;
        Assert.Equal("graduated-tier-4-unit", (string?)last["reference"]);
        Assert.Equal("12345678", (string?)last["quantity"]);
        Assert.Equal("0.000003", (string?)last["perUnitAmount"]);
        Assert.Equal("37.037034", (string?)last["exactAmount"]);
        Assert.Equal("37.04", (string?)last["totals"]!["total"]);
    }

    [Fact]
    public async Task A_line_names_the_item_and_the_phase_of_the_subscription_that_it_bills()
    {
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        var subscription = await host.GetAsync($"/api/v1/subscriptions/{invoice["lines"]![0]!["explanation"]!["subscriptionId"]}");
        var phase = subscription["phases"]![0]!;
        foreach (var line in invoice["lines"]!.AsArray())
        {
            var item = phase["items"]!.AsArray().Single(one => (string?)one!["key"] == (string?)line!["explanation"]!["rateCardKey"])!;
            var sold = line!["subscription"]!;
            Assert.Equal(
                $"{subscription["id"]} {phase["id"]} {item["id"]}", $"{sold["subscription"]!["id"]} {sold["phase"]!["id"]} {sold["item"]!["id"]}");
            Assert.Equal(line["period"]!.ToJsonString(), sold["billingPeriod"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task The_sums_of_children_lines_and_invoice_agree()
    {
        foreach (var invoice in (await host.GetAsync("/api/v1/billing/invoices?expand=lines"))["items"]!.AsArray())
        {
            var lines = invoice!["lines"]!.AsArray();
            Assert.Equal(Total(invoice), lines.Sum(line => Total(line!)));
            Assert.All(lines, line => Assert.Equal(Total(line!), line!["children"]!.AsArray().Sum(child => Total(child!))));
        }

        static decimal Total(JsonNode node) =>
            decimal.Parse((string)node["totals"]!["total"]!, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task An_invoice_is_found_by_its_id_as_by_its_number()
    {
        var byNumber = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        var byId = await host.GetAsync($"/api/v1/billing/invoices/{byNumber["id"]}");
        Assert.Equal(byNumber.ToJsonString(), byId.ToJsonString());
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("customers=initech", 2)]
    [InlineData("customers=nobody", 0)]
    [InlineData("statuses=issued", 1)]
    [InlineData("statuses=overdue", 1)]
    [InlineData("statuses=paid", 0)]
    [InlineData("statuses=overdue&statuses=issued", 2)]
    [InlineData("extendedStatuses=overdue", 1)]
    [InlineData("createdAfter=2026-02-01T00:00:00Z", 1)]
    [InlineData("createdBefore=2026-01-15T00:00:00Z", 1)]
    [InlineData("issuedAfter=2026-01-15T00:00:00Z", 1)]
    [InlineData("issuedBefore=2026-01-15T00:00:00Z", 1)]
    [InlineData("periodStartAfter=2026-02-01T00:00:00Z", 0)]
    [InlineData("page=2&pageSize=1", 2)]
    public async Task The_list_is_filtered(string query, int expected) =>
        Assert.Equal(expected, (int)(await host.GetAsync($"/api/v1/billing/invoices?{query}"))["totalCount"]!);

    [Theory]
    [InlineData("statuses=lost", "?statuses")]
    [InlineData("issuedAfter=yesterday", "?issuedAfter")]
    [InlineData("pageSize=0", "?pageSize")]
    [InlineData("extendedStatuses=draft", "?extendedStatuses")]
    [InlineData("orderBy=total", "?orderBy")]
    [InlineData("order=up", "?order")]
    [InlineData("expand=children", "?expand")]
    [InlineData("createdAfter=soon", "?createdAfter")]
    public async Task A_wrong_filter_is_named(string query, string pointer)
    {
        var problem = await host.GetAsync($"/api/v1/billing/invoices?{query}", 400);
        Assert.Equal(pointer, (string?)problem["errors"]![0]!["pointer"]);
    }

    [Theory]
    [InlineData("application/pdf;q=0.5, text/html", "text/html")]
    [InlineData("text/csv", "text/csv")]
    [InlineData("application/json", "application/json")]
    [InlineData("*/*", "application/json")]
    public async Task The_form_follows_what_is_accepted(string accept, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/billing/invoices/{Number}");
        request.Headers.Accept.ParseAdd(accept);
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(expected, response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task The_csv_sums_to_the_total()
    {
        var csv = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{Number}/csv");
        var rows = csv.TrimEnd().Split("\r\n")[1..];
        Assert.Equal(5, rows.Length);
        Assert.Equal(286.04m, rows.Sum(row => decimal.Parse(row[(row.LastIndexOf(',') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task The_pdf_says_what_the_json_says_and_is_the_same_bytes_each_time()
    {
        Pdf.RequireTools();
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        var pdf = await host.Client.GetByteArrayAsync($"/api/v1/billing/invoices/{Number}/pdf");
        var again = await host.Client.GetByteArrayAsync($"/api/v1/billing/invoices/{Number}/pdf");
        Assert.Equal(pdf, again);

        var text = Pdf.Flat(await Pdf.TextAsync(pdf));
        foreach (var expected in ExpectedTexts(invoice))
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }

        Assert.EndsWith("Summit AI Ltd · Invoice INV-2026-000002 1/1", text.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_says_what_the_json_says()
    {
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        using var response = await host.Client.GetAsync($"/api/v1/billing/invoices/{Number}/html");
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var page = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        var text = Pdf.Flat(Regex.Replace(Regex.Replace(page, "<(/td|/th|/p|/dt|/dd|small)[^>]*>", " "), "<[^>]*>", ""));
        foreach (var expected in ExpectedTexts(invoice))
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_line_leads_back_to_exactly_the_events_it_billed()
    {
        var invoice = await host.GetAsync($"/api/v1/billing/invoices/{Number}");
        var line = invoice["lines"]!.AsArray().Single(one => (string?)one!["featureKey"] == "tokens")!;
        var events = await host.GetAsync($"/api/v1/billing/invoices/{Number}/lines/{line["id"]}/events");
        Assert.Equal(["1", "2"], events["items"]!.AsArray().Select(one => (string)one!["id"]!));
        Assert.Equal(62_345_678, events["items"]!.AsArray().Sum(one => (long)one!["data"]!["total_tokens"]!));

        var fee = invoice["lines"]!.AsArray().First()!;
        Assert.Empty((await host.GetAsync($"/api/v1/billing/invoices/{Number}/lines/{fee["id"]}/events"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Cost_so_far_is_the_bill_before_it_is_one()
    {
        var upcoming = await host.GetAsync("/api/v1/customers/initech/billing/upcoming");
        var subscription = Assert.Single(upcoming["subscriptions"]!.AsArray())!;
        Assert.Equal("59", (string?)subscription["total"]);
        Assert.Equal("2026-03-01T00:00:00Z", (string?)subscription["nextInvoiceAt"]);
        Assert.Equal(["49", "10"], subscription["lines"]!.AsArray().Select(line => (string)line!["amount"]!));
    }

    [Theory]
    [InlineData("/api/v1/billing/invoices/INV-2026-999999")]
    [InlineData("/api/v1/billing/invoices/INV-2026-999999/pdf")]
    [InlineData("/api/v1/billing/invoices/INV-2026-999999/html")]
    [InlineData("/api/v1/billing/invoices/INV-2026-999999/csv")]
    [InlineData("/api/v1/billing/invoices/INV-2026-000001/lines/01ARZ3NDEKTSV4RRFFQ69G5FAV/events")]
    [InlineData("/api/v1/customers/nobody/billing/upcoming")]
    public async Task What_is_not_there_is_404(string path) => await host.GetAsync(path, 404);

    [Theory]
    [InlineData("gateway", HttpStatusCode.Forbidden)]
    [InlineData("finance", HttpStatusCode.OK)]
    public async Task Only_who_may_read_invoices_reads_them(string role, HttpStatusCode expected)
    {
        var key = await host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = role, ["role"] = role });
        using var client = host.ClientWith((string)key["key"]!);
        Assert.Equal(expected, (await client.GetAsync($"/api/v1/billing/invoices/{Number}")).StatusCode);
    }

    private static IEnumerable<string> ExpectedTexts(JsonNode invoice)
    {
        yield return (string)invoice["number"]!;
        yield return (string)invoice["supplier"]!["name"]!;
        yield return (string)invoice["customer"]!["name"]!;
        yield return "Invalidenstraße 1";
        yield return "GB82 WEST 1234 5698 7654 32";
        yield return "62,345,678";
        yield return "Tier 2 (over 2,000,000 up to 10,000,000) 8,000,000 0.000005 40.00";
        yield return "Tier 3 (over 10,000,000 up to 50,000,000) 40,000,000 0.000004 160.00";
        yield return "12,345,678 0.000003 37.04";
        yield return $"Total due {invoice["totals"]!["total"]} USD";
    }

    /// <summary>The month is billed, and the next one has begun.</summary>
    public sealed class Billed : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
            await Host.PutProfileAsync(
                """
                {"name":"Summit AI Ltd","taxId":{"code":"GB123456789"},"email":"billing@summit.example","iban":"GB82 WEST 1234 5698 7654 32",
                 "bic":"WESTGB2L","addresses":[{"line1":"12 Harbour Street","postalCode":"BS1 4RN","city":"Bristol","country":"GB"}]}
                """);
            await Host.PublishSampleTiersAsync();
            await Host.SignUpAsync("initech", "pro");
            await Host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 60_000_000);
            await Host.UseTokensAsync("initech", "2", "2026-01-31T12:00:00Z", 2_345_678);
            await Host.AdvanceToAsync("2026-02-02T00:00:00Z");

            // Recorded after the bill: the watermark keeps it out of the line, and the new month has its own.
            await Host.UseTokensAsync("initech", "too-late", "2026-01-20T12:00:00Z", 777);
            await Host.UseTokensAsync("initech", "3", "2026-02-01T12:00:00Z", 4_000_000);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
