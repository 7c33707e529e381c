using System.Net.Http.Headers;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Shares;

/// <summary><c>POST /api/v1/sidecar/shares</c>. An answer that can not be used is no answer.</summary>
/// <param name="start">Which start of the sidecar this process is.</param>
internal sealed class ShareClient(HttpClient http, string sidecarId, long start)
{
    /// <exception cref="HttpRequestException">Host is not there, refused, or answered something else.</exception>
    /// <exception cref="OperationCanceledException">Nothing came within <paramref name="timeout"/>.</exception>
    public async Task<ShareExchangeResponse> ExchangeAsync(ShareExchange exchange, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(timeout);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ShareExchangeRequest(sidecarId, start, [.. exchange.Questions.Select(question => question.Request)], exchange.AnsweredRecall),
            SidecarJson.Default.ShareExchangeRequest);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(new Uri("api/v1/sidecar/shares", UriKind.Relative), content, bounded.Token);
        response.EnsureSuccessStatusCode();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(bounded.Token);
            var answer = await JsonSerializer.DeserializeAsync(stream, SidecarJson.Default.ShareExchangeResponse, bounded.Token);
            return answer is { Shares.IsDefault: false } && answer.Shares.Length == exchange.Questions.Count && answer.Shares.All(IsPossible)
                ? answer
                : throw new HttpRequestException("Host's answer does not fit the shares that were asked for.");
        }
        catch (JsonException exception)
        {
            throw new HttpRequestException("Host's answer about shares can not be read.", exception);
        }
    }

    private static bool IsPossible(ShareAnswer? answer) =>
        answer is { Parts: >= 0 and <= ShareParts.Whole, Added: >= 0, AddedFullInMicroseconds: >= 0 } && answer.Added <= answer.Parts;
}
