using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Invoicing.Tests.Support;

/// <summary>Prepaid credit as stories of it are told.</summary>
internal static class Wallet
{
    public static Task<JsonNode> GrantAsync(this TestHost host, string customerId, string name, string amount, string rest) => host.SendAsync(
        HttpMethod.Post, $"/api/v3/openmeter/customers/{customerId}/credits/grants",
        $$"""{"name":"{{name}}","currency":"USD","amount":"{{amount}}",{{rest}}}""", 201);

    public static Task<JsonNode> GrantOfAsync(this TestHost host, string customerId, JsonNode grant) =>
        host.GetAsync($"/api/v3/openmeter/customers/{customerId}/credits/grants/{grant["id"]}");

    /// <summary>In the one currency there is.</summary>
    public static async Task<(string? Live, string? Settled, string? Pending)> BalanceAsync(this TestHost host, string customerId, string query = "")
    {
        var answer = await host.GetAsync($"/api/v3/openmeter/customers/{customerId}/credits/balance{query}");
        var balance = answer["balances"]!.AsArray().Single()!;
        return ((string?)balance["live"], (string?)balance["settled"], (string?)balance["pending"]);
    }

    public static async Task<string?> SettledAsync(this TestHost host, string customerId) => (await host.BalanceAsync(customerId)).Settled;

    /// <summary>The latest first: type, amount, balance before and after.</summary>
    public static async Task<string> MovementsAsync(this TestHost host, string customerId)
    {
        var page = await host.GetAsync($"/api/v3/openmeter/customers/{customerId}/credits/transactions?page[size]=100");
        return string.Join('\n', page["data"]!.AsArray().Select(one =>
            $"{one!["type"]} {one["amount"]} {one["available_balance"]!["before"]}>{one["available_balance"]!["after"]}"));
    }
}
