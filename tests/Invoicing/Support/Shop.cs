using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Invoicing.Tests.Support;

/// <summary>What stories of invoices are told with: customers, lines, and a way to read documents at a glance.</summary>
internal static class Shop
{
    public static async Task<string> CustomerAsync(this TestHost host, string key)
    {
        var customer = new JsonObject
        {
            ["key"] = key, ["name"] = $"{key} GmbH", ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(key) },
        };
        return (string)(await host.PostAsync("/api/v1/customers", customer, 201))["id"]!;
    }

    public static async Task<string> CustomerIdAsync(this TestHost host, string key) =>
        (string)(await host.GetAsync($"/api/v1/customers/{key}"))["id"]!;

    /// <summary>A fee that is due once.</summary>
    public static string Fee(string name, string amount, string invoiceAt) =>
        $$$"""
        {"name":"{{{name}}}","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"{{{invoiceAt}}}",
         "rateCard":{"price":{"type":"flat","amount":"{{{amount}}}","paymentTerm":"in_arrears"} } }
        """;

    public static Task<JsonNode> PendingAsync(this TestHost host, string customerId, params string[] lines) => host.SendAsync(
        HttpMethod.Post, $"/api/v1/billing/customers/{customerId}/invoices/pending-lines",
        $$"""{"currency":"USD","lines":[{{string.Join(',', lines)}}]}""", 201);

    public static async Task<JsonArray> InvoiceNowAsync(this TestHost host, string customerId, string rest = "") => (await host.SendAsync(
        HttpMethod.Post, "/api/v1/billing/invoices/invoice", $$"""{"customerId":"{{customerId}}"{{rest}}}""", 201)).AsArray();

    public static Task<JsonNode> ActAsync(this TestHost host, JsonNode invoice, string action, int status = 200, string body = "") =>
        host.SendAsync(HttpMethod.Post, $"/api/v1/billing/invoices/{invoice["id"]}/{action}", body, status);

    public static Task<JsonNode> AgainAsync(this TestHost host, JsonNode invoice) => host.GetAsync($"/api/v1/billing/invoices/{invoice["id"]}");

    /// <summary>Every invoice of a customer, oldest first, one a line: number, state, total, lines.</summary>
    public static async Task<string> LedgerAsync(this TestHost host, string customerId, string query = "")
    {
        var page = await host.GetAsync($"/api/v1/billing/invoices?customers={customerId}&expand=lines&orderBy=createdAt{query}");
        return string.Join('\n', page["items"]!.AsArray().Select(one => Row(one!)));
    }

    public static string Row(JsonNode invoice)
    {
        var number = (string)invoice["number"]!;
        var lines = invoice["lines"]!.AsArray().Select(line => $"{line!["name"]} {line["totals"]!["total"]}");
        return $"{(number.StartsWith("INV", StringComparison.Ordinal) ? number : number.Split('-')[0])} | " +
            $"{invoice["statusDetails"]!["extendedStatus"]} | {invoice["totals"]!["total"]} | {string.Join(", ", lines)}";
    }

    public static string Actions(JsonNode invoice) => string.Join(
        ' ', invoice["statusDetails"]!["availableActions"]!.AsObject().Select(action => $"{action.Key}:{action.Value!["resultingState"]}"));

    public static string Status(JsonNode invoice) => (string)invoice["statusDetails"]!["extendedStatus"]!;

    public static string Total(JsonNode invoice) => (string)invoice["totals"]!["total"]!;
}
