using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Metering.Invoicing.Suppliers;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Suppliers;

public sealed class SupplierTests
{
    [Theory]
    [InlineData("GB82 WEST 1234 5698 7654 32", true)]
    [InlineData("de89370400440532013000", true)]
    [InlineData("GB82 WEST 1234 5698 7654 33", false)]
    [InlineData("GB82", false)]
    [InlineData("8282WEST12345698765432", false)]
    public void An_iban_is_checked_by_its_digits(string iban, bool valid) => Assert.Equal(valid, Iban.IsValid(iban));

    [Fact]
    public async Task A_document_keeps_the_seller_it_was_issued_by()
    {
        await using var host = await TestHost.StartAsync("2026-01-01T00:00:00Z");
        await host.PublishSampleTiersAsync();
        await host.SignUpAsync("initech", "pro");
        Assert.Equal(14, (int)(await host.GetAsync("/api/v1/billing/supplier"))["paymentTermsDays"]!);
        await PutAsync(host, """{"name":"First Ltd","paymentTermsDays":30}""", 200);
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        await PutAsync(host, """{"name":"Second Ltd"}""", 200);
        await host.AdvanceToAsync("2026-02-02T00:00:00Z");

        Assert.Equal("First Ltd", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["supplier"]!["name"]);
        Assert.Equal("2026-01-31T00:00:00Z", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["dueAt"]);
        Assert.Equal("Second Ltd", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002"))["supplier"]!["name"]);

        var wrong = """{"name":" ","iban":"GB00","paymentTermsDays":-1,"collectionPeriod":"P1M","address":{"country":"Germany"}}""";
        var problem = await PutAsync(host, wrong, 400);
        Assert.Equal(
            ["/name", "/address/country", "/iban", "/paymentTermsDays", "/collectionPeriod"],
            problem["errors"]!.AsArray().Select(error => (string)error!["pointer"]!));
    }

    private static async Task<JsonNode> PutAsync(TestHost host, string json, int status)
    {
        using var content = new StringContent(json, MediaTypeHeaderValue.Parse("application/json"));
        using var response = await host.Client.PutAsync("/api/v1/billing/supplier", content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
