using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Leases;

/// <summary><c>POST /api/v1/sidecar/leases</c>.</summary>
internal sealed class LeaseClient(HttpClient http, string sidecarId)
{
    /// <inheritdoc cref="HostExchange.ExchangeAsync"/>
    public Task<LeaseExchangeResponse> ExchangeAsync(LeaseExchange exchange, TimeSpan timeout, CancellationToken cancellationToken) =>
        http.ExchangeAsync(
            "leases", new LeaseExchangeRequest(sidecarId, [.. exchange.Reports], [.. exchange.Requests], exchange.AnsweredRecall),
            SidecarJson.Default.LeaseExchangeRequest, SidecarJson.Default.LeaseExchangeResponse,
            answer => Fits(answer, exchange.Reports, exchange.Requests), timeout, cancellationToken);

    private static bool Fits(LeaseExchangeResponse answer, IReadOnlyList<LeaseReport> reports, IReadOnlyList<LeaseRequest> requests) =>
        !answer.Reports.IsDefault && !answer.Leases.IsDefault
        && answer.Reports.Length == reports.Count && answer.Leases.Length == requests.Count
        && answer.Reports.Zip(reports).All(pair => pair.First.LeaseId == pair.Second.LeaseId)
        && answer.Leases.Zip(requests).All(pair => pair.First.LeaseId == pair.Second.LeaseId)
        && answer.Leases.All(lease => lease.Granted is >= 0 and <= SpentCounter.MaxUnits);
}
