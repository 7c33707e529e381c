using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Metering.Notifications.Channels;
using Metering.Notifications.Secrets;
using Metering.Platform;
using NodaTime;

namespace Metering.Notifications.Delivering;

/// <summary>
/// Posts one payload to one address that somebody else chose. The name is resolved here, every address it has must be public, and the
/// connection goes to the very address that was looked at: a name that changes its mind in between reaches nothing. No redirects, no
/// cookies, no proxy, no decompression; little time and little of the answer.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaxBodyBytes = 1_024;
    private const int MaxResponseHeaderKilobytes = 16;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromSeconds(30);

    private readonly HttpClient client;
    private readonly TimeProvider time;

    public WebhookSender(MeteringOptions options, TimeProvider time)
    {
        this.time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxResponseHeadersLength = MaxResponseHeaderKilobytes,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, options.AllowPrivateWebhooks, cancellationToken),
        };
        client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <param name="id">The same at every attempt, so that a receiver can tell a repetition.</param>
    public async Task<AttemptResult> SendAsync(
        string url, ChannelSecrets secrets, string id, string payload, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            using var request = RequestOf(url, secrets, id, payload);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var body = await ReadBeginningAsync(response, limit.Token);
            return new AttemptResult((int)response.StatusCode, body, time.GetElapsedTime(started), RetryAfterOf(response));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AttemptResult(null, $"no answer within {Timeout.TotalSeconds:0} s", time.GetElapsedTime(started), null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            var reason = exception.InnerException is PrivateAddressException refused ? refused.Message : ReasonOf(exception);
            return new AttemptResult(null, reason, time.GetElapsedTime(started), null);
        }
    }

    public void Dispose() => client.Dispose();

    /// <summary>
    /// The time is the machine's and not the product's: a receiver compares it with its own clock, which no sandbox sets.
    /// </summary>
    private HttpRequestMessage RequestOf(string url, ChannelSecrets secrets, string id, string payload)
    {
        if (!SigningSecret.TryKeyOf(secrets.SigningSecret, out var key))
        {
            throw new UnreachableException("A signing secret passed the checks.");
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(payload)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in secrets.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.TryAddWithoutValidation("User-Agent", "Metering-Webhooks");
        request.Headers.TryAddWithoutValidation("webhook-id", id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", now.ToString(System.Globalization.CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", WebhookSignature.Of(key, id, now, payload));
        return request;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, bool allowPrivate, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(endPoint.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken);
        if (!allowPrivate && addresses.Any(address => !PublicAddress.IsPublic(address)))
        {
            throw new PrivateAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> ReadBeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxBodyBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length).Replace("\0", "", StringComparison.Ordinal);
    }

    private Duration? RetryAfterOf(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return asked is { } wait && wait > TimeSpan.Zero ? Duration.FromTimeSpan(wait) : null;
    }

    /// <summary>Without what tells of this machine.</summary>
    private static string ReasonOf(Exception exception) => exception is HttpRequestException http
        ? http.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "the name could not be resolved",
            HttpRequestError.ConnectionError => "the connection failed",
            HttpRequestError.SecureConnectionError => "the TLS connection failed",
            _ => "the answer was not valid HTTP",
        }
        : "the connection broke";

    /// <summary>Refused before anything was sent.</summary>
    private sealed class PrivateAddressException() : IOException("the address is private, loopback or reserved");
}
