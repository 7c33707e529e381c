using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Faults;

/// <summary>Who calls through the gateway.</summary>
internal sealed record LoadCustomer(string Key, string ApiKey, string Id)
{
    /// <summary>A customer with a plan of its own, whose one hard limit is <paramref name="cap"/> requests a month.</summary>
    public static async Task<LoadCustomer> SignUpAsync(ProductStack stack, string key, int cap)
    {
        var plan = SampleCatalog.Read("free.json");
        plan["key"] = key;
        var entitlement = plan["phases"]![0]!["rateCards"]![0]!["entitlementTemplate"]!.AsObject();
        entitlement["issueAfterReset"] = cap;
        entitlement["usagePeriod"] = "P1M";
        entitlement.Remove("rateLimits");
        var draft = await stack.PostAsync("/api/v1/plans", plan);
        await stack.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject());
        var customer = await stack.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = key,
            ["key"] = key,
            ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray(key) },
        });
        var credential = await stack.PostAsync($"/api/v1/customers/{key}/credentials", new JsonObject { ["name"] = "load" });
        await stack.PostAsync("/api/v1/subscriptions", new JsonObject { ["customerKey"] = key, ["plan"] = new JsonObject { ["key"] = key } });
        return new LoadCustomer(key, credential["key"]!.GetValue<string>(), customer["id"]!.GetValue<string>());
    }
}
