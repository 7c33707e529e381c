using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Metering.EnforcementSidecar;

/// <summary>One question to Host and its answer. An answer that can not be used is no answer.</summary>
internal static class HostExchange
{
    /// <param name="what">What is asked for, as a failure names it.</param>
    /// <param name="fits">Whether an answer is one to the question.</param>
    /// <exception cref="HttpRequestException">Host is not there, refused, or answered something else.</exception>
    /// <exception cref="OperationCanceledException">Nothing came within <paramref name="timeout"/>.</exception>
    public static async Task<TAnswer> ExchangeAsync<TQuestion, TAnswer>(
        this HttpClient http, string what, TQuestion question, JsonTypeInfo<TQuestion> questionJson, JsonTypeInfo<TAnswer> answerJson,
        Func<TAnswer, bool> fits, TimeSpan timeout, CancellationToken cancellationToken)
        where TAnswer : class
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(timeout);
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, questionJson));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(new Uri($"api/v1/sidecar/{what}", UriKind.Relative), content, bounded.Token);
        response.EnsureSuccessStatusCode();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(bounded.Token);
            var answer = await JsonSerializer.DeserializeAsync(stream, answerJson, bounded.Token);
            return answer is not null && fits(answer)
                ? answer
                : throw new HttpRequestException($"Host's answer does not fit the {what} that were asked for.");
        }
        catch (JsonException exception)
        {
            throw new HttpRequestException($"Host's answer about {what} can not be read.", exception);
        }
    }
}
