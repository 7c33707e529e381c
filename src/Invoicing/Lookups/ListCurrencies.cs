using System.Collections.Immutable;
using Metering.Platform.Security;
using Metering.Rating;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Lookups;

/// <summary><c>GET /api/v1/info/currencies</c>: what can be invoiced in, by code.</summary>
internal static class ListCurrencies
{
    private static readonly ImmutableArray<ListedCurrency> All =
        [.. Currency.All.OrderBy(currency => currency.Code, StringComparer.Ordinal).Select(ListedCurrency.Of)];

    public static void MapListCurrencies(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/info/currencies", () => Results.Ok(All)).RequireScope(Scope.CatalogRead)
            .WithName("listCurrencies").WithSummary("List the currencies there are").Produces<ListedCurrency[]>();

    /// <param name="Subunits">How many decimals an amount has.</param>
    private sealed record ListedCurrency(string Code, string Name, string Symbol, int Subunits)
    {
        public static ListedCurrency Of(Currency currency)
        {
            var (name, symbol) = CurrencyNames.Of(currency.Code);
            return new ListedCurrency(currency.Code, name, symbol, currency.MinorUnitDigits);
        }
    }
}
