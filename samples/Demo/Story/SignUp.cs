using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>Customers with a key for the gateway and a subscription, as a sign-up page would make them.</summary>
public sealed class SignUp(HostApi api)
{
    public async Task<DemoCustomer> CustomerAsync(string key, string name, string planKey, CancellationToken cancellationToken)
    {
        var created = await api.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = name,
            ["key"] = key,
            ["currency"] = "USD",
            ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(key) },
            ["primaryEmail"] = $"billing@{key}.example",
            ["billingAddress"] = new JsonObject
            {
                ["country"] = "US", ["city"] = "Springfield", ["line1"] = "1 Example Street", ["postalCode"] = "00001",
            },
        }, cancellationToken);
        var credential = await api.PostAsync($"/api/v1/customers/{key}/credentials", new JsonObject { ["name"] = "demo" }, cancellationToken);
        await api.PostAsync("/api/v1/subscriptions", new JsonObject
        {
            ["plan"] = new JsonObject { ["key"] = planKey },
            ["customerKey"] = key,
        }, cancellationToken);
        return new DemoCustomer(created["id"]!.GetValue<string>(), key, name, planKey, key, credential["key"]!.GetValue<string>());
    }
}
