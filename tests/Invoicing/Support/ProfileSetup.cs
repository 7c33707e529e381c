using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Support;

/// <summary>Billing profiles as an operator sets them.</summary>
internal static class ProfileSetup
{
    /// <summary>Bills at once and waits 14 days for the money, as a new database does.</summary>
    public const string AtOnce =
        """{"collection":{"interval":"PT0S"},"invoicing":{"dueAfter":"P14D"},"payment":{"collectionMethod":"send_invoice"}}""";

    public const string Seller = """{"name":"Seller Ltd"}""";

    /// <summary>Replaces the default profile.</summary>
    public static Task<JsonNode> PutProfileAsync(this TestHost host, string supplier, string workflow = AtOnce, int status = 200) =>
        host.SendAsync(
            HttpMethod.Put, "/api/v1/billing/profiles/default",
            $$"""{"name":"Default","default":true,"supplier":{{supplier}},"workflow":{{workflow}}}""", status);

    /// <summary>A profile beside the default one, and the customer pinned to it.</summary>
    public static async Task<JsonNode> PinAsync(this TestHost host, string customerId, string workflow, string supplier = Seller)
    {
        var app = (await host.GetAsync("/api/v1/billing/profiles/default"))["apps"]!["tax"]!["id"];
        var apps = $$"""{"tax":"{{app}}","invoicing":"{{app}}","payment":"{{app}}"}""";
        var profile = await host.SendAsync(
            HttpMethod.Post, "/api/v1/billing/profiles",
            $$"""{"name":"Own","default":false,"supplier":{{supplier}},"workflow":{{workflow}},"apps":{{apps}}}""", 201);
        await host.SendAsync(HttpMethod.Put, $"/api/v1/billing/customers/{customerId}", $$"""{"billingProfileId":"{{profile["id"]}}"}""", 200);
        return profile;
    }

    public static async Task<JsonNode> SendAsync(this TestHost host, HttpMethod method, string path, string json, int status)
    {
        using var content = new StringContent(json, MediaTypeHeaderValue.Parse("application/json"));
        using var request = new HttpRequestMessage(method, path) { Content = json.Length == 0 ? null : content };
        using var response = await host.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{method} {path} answered {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}
