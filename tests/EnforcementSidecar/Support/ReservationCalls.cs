using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>What a gateway says about reservations.</summary>
internal static class ReservationCalls
{
    public static Task<HttpResponseMessage> SettleAsync(this TestSidecar sidecar, string reservation, string fields = "") =>
        SettleAsync(sidecar.Client, reservation, fields);

    /// <param name="fields">Further members of the body as JSON, without braces.</param>
    public static Task<HttpResponseMessage> SettleAsync(this HttpClient client, string reservation, string fields = "")
    {
        var body = fields.Length == 0 ? [] : JsonNode.Parse("{" + fields + "}")!.AsObject();
        body["reservation"] = reservation;
        return client.PostAsJsonAsync("/v1/settle", body);
    }

    public static Task<HttpResponseMessage> ExtendAsync(this TestSidecar sidecar, string reservation, long tokens) =>
        sidecar.Client.PostAsJsonAsync("/v1/extend", new JsonObject { ["reservation"] = reservation, ["tokens"] = tokens });

    /// <summary>An admitted request of so many units.</summary>
    public static async Task<string> ReserveAsync(this TestSidecar sidecar, string key, long units)
    {
        var answer = await sidecar.CheckAsync(key, "summarize", Units(units));
        Assert.Equal(200, (int)answer.StatusCode);
        return answer.Header("X-Meter-Reservation")!;
    }

    public static (string Name, string Value) Units(long units) =>
        ("X-Meter-Units", units.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A customer whose calls of a model are reserved, and the entitlement that limits them.</summary>
    public static string PutModelCustomer(this FakeHost host, string key, long limit, ReservationTerms terms)
    {
        var entitlement = Some.Id();
        host.AddPool(entitlement, limit);
        host.Put(Some.Customer(key, Some.Feature("chat", Some.Hard(entitlement, limit)) with { EventType = "llm.usage", Reservation = terms }));
        return entitlement;
    }

    /// <summary>Everything that was spent is reported, and everything that was not used has come back.</summary>
    public static Task UntilUsedAsync(this FakeHost host, string entitlement, long units) => Eventually.TrueAsync(
        () => host.SettledOf(entitlement) + host.HeldOf(entitlement) == units, $"{units} units to be used of {entitlement}");
}
