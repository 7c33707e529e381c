using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Shares;

/// <summary><c>POST /api/v1/sidecar/shares</c>.</summary>
/// <param name="start">Which start of the sidecar this process is.</param>
internal sealed class ShareClient(HttpClient http, string sidecarId, long start)
{
    /// <inheritdoc cref="HostExchange.ExchangeAsync"/>
    public Task<ShareExchangeResponse> ExchangeAsync(ShareExchange exchange, TimeSpan timeout, CancellationToken cancellationToken) =>
        http.ExchangeAsync(
            "shares",
            new ShareExchangeRequest(sidecarId, start, [.. exchange.Questions.Select(question => question.Request)], exchange.AnsweredRecall),
            SidecarJson.Default.ShareExchangeRequest, SidecarJson.Default.ShareExchangeResponse,
            answer => !answer.Shares.IsDefault && answer.Shares.Length == exchange.Questions.Count && answer.Shares.All(IsPossible),
            timeout, cancellationToken);

    private static bool IsPossible(ShareAnswer? answer) =>
        answer is { Parts: >= 0 and <= ShareParts.Whole, Added: >= 0, AddedFullInMicroseconds: >= 0 } && answer.Added <= answer.Parts;
}
