using System.Net.Http.Headers;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Spooling;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary><c>POST /api/v1/sidecar/settlements</c>, and what follows here: what was used up may not be any more.</summary>
internal sealed class SettlementClient(HttpClient http, SidecarIdentity identity, LeaseBroker broker, ILogger<SettlementClient> logger)
{
    public const int MaxSettlements = 1_000;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <returns>Refused means that Host will never take it: the units stay taken until the events have spoken.</returns>
    public async Task<ShipmentVerdict> ReportAsync(IReadOnlyList<ReservationSettlement> settlements, CancellationToken cancellationToken)
    {
        foreach (var chunk in settlements.Chunk(MaxSettlements))
        {
            var verdict = await PostAsync(chunk, cancellationToken);
            if (verdict != ShipmentVerdict.Accepted)
            {
                return verdict;
            }

            foreach (var one in chunk)
            {
                broker.Find(one.EntitlementId)?.Forget();
            }

            SidecarMetrics.Settlements.Add(chunk.Length);
        }

        return ShipmentVerdict.Accepted;
    }

    private async Task<ShipmentVerdict> PostAsync(ReservationSettlement[] settlements, CancellationToken cancellationToken)
    {
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bounded.CancelAfter(RequestTimeout);
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(
                new SettlementExchangeRequest(identity.Id, [.. settlements]), SidecarJson.Default.SettlementExchangeRequest));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.PostAsync(new Uri("api/v1/sidecar/settlements", UriKind.Relative), content, bounded.Token);
            var verdict = ShippingRules.Judge(response.StatusCode);
            if (verdict == ShipmentVerdict.Refused)
            {
                logger.SettlementsRefused(settlements.Length, (int)response.StatusCode);
            }

            return verdict;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return ShipmentVerdict.TryAgain;
        }
    }
}
