using System.Net.Http.Headers;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Leases;

/// <summary><c>POST /api/v1/sidecar/leases</c>. An answer that can not be used is no answer.</summary>
internal sealed class LeaseClient(HttpClient http, string sidecarId)
{
    /// <exception cref="HttpRequestException">Host is not there, refused, or answered something else.</exception>
    /// <exception cref="OperationCanceledException">Nothing came within <paramref name="timeout"/>.</exception>
    public async Task<LeaseExchangeResponse> ExchangeAsync(LeaseExchange exchange, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(timeout);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new LeaseExchangeRequest(sidecarId, [.. exchange.Reports], [.. exchange.Requests], exchange.AnsweredRecall),
            SidecarJson.Default.LeaseExchangeRequest);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(new Uri("api/v1/sidecar/leases", UriKind.Relative), content, bounded.Token);
        response.EnsureSuccessStatusCode();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(bounded.Token);
            var answer = await JsonSerializer.DeserializeAsync(stream, SidecarJson.Default.LeaseExchangeResponse, bounded.Token);
            return answer is not null && Fits(answer, exchange.Reports, exchange.Requests)
                ? answer
                : throw new HttpRequestException("Host's answer does not fit the leases that were asked for.");
        }
        catch (JsonException exception)
        {
            throw new HttpRequestException("Host's answer about leases can not be read.", exception);
        }
    }

    private static bool Fits(LeaseExchangeResponse answer, IReadOnlyList<LeaseReport> reports, IReadOnlyList<LeaseRequest> requests) =>
        !answer.Reports.IsDefault && !answer.Leases.IsDefault
        && answer.Reports.Length == reports.Count && answer.Leases.Length == requests.Count
        && answer.Reports.Zip(reports).All(pair => pair.First.LeaseId == pair.Second.LeaseId)
        && answer.Leases.Zip(requests).All(pair => pair.First.LeaseId == pair.Second.LeaseId)
        && answer.Leases.All(lease => lease.Granted is >= 0 and <= SpentCounter.MaxUnits);
}
