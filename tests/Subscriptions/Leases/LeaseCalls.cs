using System.Net.Http.Json;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Testing;

namespace Metering.Subscriptions.Tests.Leases;

/// <summary>What a sidecar says to the lease desk.</summary>
internal static class LeaseCalls
{
    public static string NewId(TestHost host) => PublicId.Format(PublicId.New(host.Now));

    public static async Task<LeaseExchangeResponse> ExchangeAsync(this TestHost host, LeaseExchangeRequest request)
    {
        using var response = await host.Client.PostAsJsonAsync("/api/v1/sidecar/leases", request, MeteringJson.Options);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<LeaseExchangeResponse>(text, MeteringJson.Options)!
            : throw new InvalidOperationException($"{(int)response.StatusCode}: {text}");
    }

    public static async Task<LeaseAnswer> AskAsync(
        this TestHost host, string entitlement, long wanted, long needed = 0, string sidecar = "one", string? leaseId = null) =>
        (await host.ExchangeAsync(new LeaseExchangeRequest(
            sidecar, [], [new LeaseRequest(leaseId ?? NewId(host), entitlement, wanted, needed)]))).Leases[0];

    public static async Task<ReportOutcome> ReportAsync(this TestHost host, string leaseId, long spent, bool close = false, string sidecar = "one") =>
        (await host.ExchangeAsync(new LeaseExchangeRequest(sidecar, [new LeaseReport(leaseId, spent, close)], []))).Reports[0].Outcome;
}
