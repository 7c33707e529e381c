using Metering.Invoicing.Profiles;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Profiles;

public sealed class SellerTests
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
        var first = await host.GetAsync("/api/v1/billing/profiles/default");
        Assert.Equal("P14D", (string?)first["workflow"]!["invoicing"]!["dueAfter"]);
        await host.PutProfileAsync(
            """{"name":"First Ltd"}""",
            """{"collection":{"interval":"PT0S"},"invoicing":{"dueAfter":"P30D"},"payment":{"collectionMethod":"send_invoice"}}""");
        await host.AdvanceToAsync("2026-01-02T00:00:00Z");
        await host.PutProfileAsync("""{"name":"Second Ltd"}""");
        await host.AdvanceToAsync("2026-02-02T00:00:00Z");

        Assert.Equal("First Ltd", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["supplier"]!["name"]);
        Assert.Equal("2026-01-31T00:00:00Z", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000001"))["dueAt"]);
        Assert.Equal("Second Ltd", (string?)(await host.GetAsync("/api/v1/billing/invoices/INV-2026-000002"))["supplier"]!["name"]);
    }
}
