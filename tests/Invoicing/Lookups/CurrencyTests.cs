using Metering.Rating;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Lookups;

public sealed class CurrencyTests
{
    [Fact]
    public async Task Every_currency_that_can_be_invoiced_in_is_listed_with_its_name()
    {
        await using var host = await TestHost.StartAsync();

        var listed = (await host.GetAsync("/api/v1/info/currencies", 200)).AsArray();

        Assert.Equal(
            Currency.All.Select(currency => $"{currency.Code} {currency.MinorUnitDigits}").Order(StringComparer.Ordinal),
            listed.Select(currency => $"{currency!["code"]} {currency["subunits"]}"));
        Assert.All(listed, currency => Assert.True(((string)currency!["name"]!).Length > 1, $"{currency["code"]} has no name"));
        Assert.Contains(listed, currency => $"{currency!["code"]} {currency["name"]} {currency["symbol"]}" == "EUR Euro €");
        Assert.Contains(listed, currency => $"{currency!["code"]} {currency["name"]} {currency["symbol"]}" == "CHF Swiss Franc CHF");
    }
}
