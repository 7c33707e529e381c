using System.Net;
using System.Text.Json.Nodes;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Lifecycle;

public sealed class DraftStoryTests
{
    private const string ByHand =
        """{"collection":{"interval":"P1D"},"invoicing":{"autoAdvance":false,"dueAfter":"P14D"},"payment":{"collectionMethod":"send_invoice"}}""";

    [Fact]
    public async Task A_draft_waits_for_late_usage_is_approved_edited_and_issued()
    {
        await using var host = await ProAsync(ByHand);
        await host.ActAsync(await OnlyAsync(host, "draft", "draft.manual_approval_needed"), "approve");
        await host.UseTokensAsync("initech", "1", "2026-01-10T12:00:00Z", 3_000_000);
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        var draft = await OnlyAsync(host, "draft", "draft.waiting_for_collection");
        Assert.Equal("delete:deleted snapshotQuantities:draft.manual_approval_needed", Shop.Actions(draft));
        Assert.Equal("54", Shop.Total(draft));
        Assert.StartsWith("DRAFT-", (string)draft["number"]!, StringComparison.Ordinal);

        // Usage that comes late is on it, also before the quantities are taken.
        await host.UseTokensAsync("initech", "2", "2026-01-31T12:00:00Z", 1_000_000);
        Assert.Equal("59", Shop.Total(await host.AgainAsync(draft)));
        await host.AdvanceToAsync("2026-02-02T00:00:00Z");
        draft = await host.AgainAsync(draft);
        Assert.Equal("draft.manual_approval_needed", Shop.Status(draft));
        Assert.Equal("approve:issued delete:deleted snapshotQuantities:draft.manual_approval_needed", Shop.Actions(draft));

        // What comes later is counted only when somebody says so.
        await host.UseTokensAsync("initech", "3", "2026-01-31T13:00:00Z", 1_000_000);
        Assert.Equal("59", Shop.Total(await host.AgainAsync(draft)));
        draft = await host.ActAsync(draft, "snapshot-quantities");
        Assert.Equal("64", Shop.Total(draft));

        var edited = await host.SendAsync(HttpMethod.Put, $"/api/v1/billing/invoices/{draft["id"]}", Edit(draft).ToJsonString(), 200);
        Assert.Equal("94", Shop.Total(edited));
        Assert.Equal("Initech Holding", (string?)edited["customer"]!["name"]);
        Assert.Equal("As agreed", (string?)edited["description"]);
        Assert.Equal(["subscription", "subscription", "manual"], edited["lines"]!.AsArray().Select(line => (string)line!["managedBy"]!));

        var issued = await host.ActAsync(edited, "approve");
        Assert.Equal("INV-2026-000002 | issued | 94 | Pro subscription 49, Tokens 15, Training 30", Shop.Row(issued));
        Assert.True((bool)issued["statusDetails"]!["immutable"]!);
        Assert.Equal("2026-02-16T00:00:00Z", (string?)issued["dueAt"]);
        await host.SendAsync(HttpMethod.Put, $"/api/v1/billing/invoices/{draft["id"]}", Edit(draft).ToJsonString(), 400);
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/invoices/{draft["id"]}", "", 400);
    }

    [Fact]
    public async Task A_draft_that_advances_by_itself_waits_for_its_draft_period_also_over_an_outage()
    {
        await using var host = await ProAsync(
            """{"collection":{"interval":"PT6H"},"invoicing":{"draftPeriod":"P2D"},"payment":{"collectionMethod":"send_invoice"}}""");
        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        // Nobody runs for days: what was due on the way happens late, in its order, and nothing is forgotten.
        var advancing = host.Services.GetRequiredService<InvoiceAdvancing>();
        var late = Some.At("2026-02-10");
        await advancing.RunDueAsync(late, CancellationToken.None);
        var drafted = await OnlyAsync(host, "draft", "draft.waiting_auto_approval");
        Assert.Equal("2026-02-12T00:00:00Z", (string?)drafted["draftUntil"]);
        await advancing.RunDueAsync(late, CancellationToken.None);
        await advancing.RunDueAsync(Some.At("2026-02-12"), CancellationToken.None);
        Assert.Equal("2026-02-12T00:00:00Z", (string?)(await OnlyAsync(host, "issued", "issued"))["issuedAt"]);
    }

    [Fact]
    public async Task What_is_due_becomes_overdue_paid_in_parts_and_paid()
    {
        await using var host = await ProAsync(ProfileSetup.AtOnce);
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        Assert.Equal("void:voided", Shop.Actions(invoice));
        await host.AdvanceToAsync("2026-01-15T00:00:00Z");
        Assert.Equal("issued", Shop.Status(await host.AgainAsync(invoice)));
        await host.AdvanceToAsync("2026-01-15T00:00:01Z");
        Assert.Equal("overdue", Shop.Status(await host.AgainAsync(invoice)));

        invoice = await host.ActAsync(invoice, "payments", 200, """{"amount":"20","reference":"wire 1"}""");
        Assert.Equal(("overdue", "20"), (Shop.Status(invoice), (string?)invoice["paidAmount"]));
        await host.ActAsync(invoice, "payments", 400, """{"amount":"29.01"}""");
        await host.ActAsync(invoice, "void", 400, """{"reason":"no","action":{"percentage":100,"action":{"type":"discard"}}}""");
        invoice = await host.ActAsync(invoice, "payments", 200, "{}");
        Assert.Equal("paid", Shop.Status(invoice));
        Assert.Equal("", Shop.Actions(invoice));
        var payments = await host.GetAsync($"/api/v1/billing/invoices/{invoice["id"]}/payments");
        Assert.Equal(["20", "29"], payments["items"]!.AsArray().Select(payment => (string)payment!["amount"]!));
    }

    [Theory]
    [InlineData("payment_failed", "payment_processing.failed")]
    [InlineData("action_required", "payment_processing.action_required")]
    [InlineData("payment_overdue", "overdue")]
    [InlineData("payment_uncollectible", "uncollectible")]
    [InlineData("paid", "paid")]
    [InlineData("void", "voided")]
    public async Task Whoever_collects_payments_elsewhere_says_what_became_of_them(string trigger, string state)
    {
        await using var host = await ProAsync("""{"collection":{"interval":"PT0S"}}""");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        Assert.Equal("payment_processing.pending", Shop.Status(invoice));
        var path = $"/api/v1/apps/custom-invoicing/{invoice["id"]}/payment/status";
        await host.SendAsync(HttpMethod.Post, path, $$"""{"trigger":"{{trigger}}"}""", 204);
        Assert.Equal(state, Shop.Status(await host.AgainAsync(invoice)));
    }

    [Theory]
    [InlineData("payment_failed")]
    [InlineData("action_required")]
    public async Task A_payment_that_came_to_nothing_is_tried_again(string trigger)
    {
        await using var host = await ProAsync("""{"collection":{"interval":"PT0S"}}""");
        var invoice = await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001");
        var path = $"/api/v1/apps/custom-invoicing/{invoice["id"]}/payment/status";
        await host.SendAsync(HttpMethod.Post, path, $$"""{"trigger":"{{trigger}}"}""", 204);
        Assert.Contains("retry:payment_processing.pending", Shop.Actions(await host.AgainAsync(invoice)), StringComparison.Ordinal);

        Assert.Equal("payment_processing.pending", Shop.Status(await host.ActAsync(invoice, "retry")));
        await host.SendAsync(HttpMethod.Post, path, """{"trigger":"paid"}""", 204);
        Assert.Equal("paid", Shop.Status(await host.AgainAsync(invoice)));
    }

    [Fact]
    public async Task A_deleted_draft_takes_no_number_and_is_seen_only_by_who_asks()
    {
        await using var host = await ProAsync(ByHand);
        var draft = await OnlyAsync(host, "draft", "draft.manual_approval_needed");
        await host.SendAsync(HttpMethod.Delete, $"/api/v1/billing/invoices/{draft["id"]}", "", 204);
        var id = await host.CustomerIdAsync("initech");
        Assert.Equal("", await host.LedgerAsync(id));
        Assert.Equal("DRAFT | deleted | 49 | Pro subscription 49", await host.LedgerAsync(id, "&includeDeleted=true"));
        await host.AdvanceToAsync("2026-02-03T00:00:00Z");
        var next = await OnlyAsync(host, "draft", "draft.manual_approval_needed");
        Assert.Equal("INV-2026-000001", (string?)(await host.ActAsync(next, "approve"))["number"]);
    }

    [Fact]
    public async Task A_draft_document_says_so_and_a_voided_one_says_why()
    {
        await using var host = await ProAsync(ByHand);
        var draft = await OnlyAsync(host, "draft", "draft.manual_approval_needed");
        var page = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{draft["id"]}/html");
        Assert.Contains("class=\"mark\"", page, StringComparison.Ordinal);
        Assert.Contains("This is not an invoice", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Please pay", page, StringComparison.Ordinal);

        var issued = await host.ActAsync(draft, "approve");
        page = await host.Client.GetStringAsync($"/api/v1/billing/invoices/{issued["id"]}/html");
        Assert.DoesNotContain("class=\"mark\"", page, StringComparison.Ordinal);
        await host.ActAsync(issued, "void", 200, """{"reason":"Wrong <company>","action":{"percentage":100,"action":{"type":"discard"}}}""");
        var voided = WebUtility.HtmlDecode(await host.Client.GetStringAsync($"/api/v1/billing/invoices/{issued["id"]}/html"));
        Assert.Contains("no longer counts since 1 Jan 2026: Wrong <company>", voided, StringComparison.Ordinal);
        Assert.Contains("INV-2026-000001", voided, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update invoicing.invoice set number = 'X'")]
    [InlineData("update invoicing.invoice set sealed = false")]
    [InlineData("update invoicing.invoice set supplier = '{}'")]
    [InlineData("update invoicing.invoice set taxes = '[1]'")]
    [InlineData("update invoicing.invoice set description = 'x', state = 'paid'")]
    [InlineData("update invoicing.invoice_line set terms = '{}'")]
    [InlineData("update invoicing.invoice_line set deleted_at = now()")]
    [InlineData("update invoicing.payment set amount_minor = 1")]
    [InlineData("delete from invoicing.payment")]
    public async Task Of_an_issued_document_only_where_it_stands_can_change(string change)
    {
        await using var host = await ProAsync(ProfileSetup.AtOnce);
        await host.ActAsync(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"), "payments", 200, """{"amount":"1"}""");
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(change, connection);
        Assert.Equal("23001", (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }

    [Fact]
    public async Task A_stale_tag_stops_an_action_and_a_fresh_one_does_not()
    {
        await using var host = await ProAsync(ByHand);
        var draft = await OnlyAsync(host, "draft", "draft.manual_approval_needed");
        using var read = await host.Client.GetAsync($"/api/v1/billing/invoices/{draft["id"]}");
        foreach (var (tag, expected) in new[] { ("\"stale\"", HttpStatusCode.PreconditionFailed), (read.Headers.ETag!.Tag, HttpStatusCode.OK) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/billing/invoices/{draft["id"]}/approve");
            request.Headers.IfMatch.ParseAdd(tag);
            using var response = await host.Client.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    /// <summary>The lines as they are shown, and one more.</summary>
    private static JsonObject Edit(JsonNode draft)
    {
        var lines = draft["lines"]!.AsArray().Select(line => (JsonNode)new JsonObject
        {
            ["id"] = (string)line!["id"]!, ["name"] = (string)line["name"]!, ["period"] = line["period"]!.DeepClone(),
            ["invoiceAt"] = (string)line["invoiceAt"]!, ["rateCard"] = line["rateCard"]!.DeepClone(),
        });
        return new JsonObject
        {
            ["description"] = "As agreed",
            ["supplier"] = new JsonObject(),
            ["customer"] = new JsonObject { ["name"] = "Initech Holding" },
            ["workflow"] = JsonNode.Parse(
                """{"workflow":{"invoicing":{"autoAdvance":false,"dueAfter":"P14D"},"payment":{"collectionMethod":"send_invoice"}}}"""),
            ["lines"] = new JsonArray([.. lines, JsonNode.Parse(Shop.Fee("Training", "30", "2026-02-01T00:00:00Z"))]),
        };
    }

    private static async Task<TestHost> ProAsync(string workflow)
    {
        var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PutProfileAsync("""{"name":"Summit AI Ltd"}""", workflow);
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        await host.AdvanceToAsync("2026-01-01T00:00:00Z");
        return host;
    }

    private static async Task<JsonNode> OnlyAsync(TestHost host, string status, string extended)
    {
        var page = await host.GetAsync($"/api/v1/billing/invoices?statuses={status}&extendedStatuses={extended}&expand=lines");
        return Assert.Single(page["items"]!.AsArray())!;
    }
}
