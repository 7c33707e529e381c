using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>HTTP/1.1 byte by byte, where a client library would tidy up what a gateway really sends.</summary>
internal static class RawHttp
{
    /// <param name="request">Head and body, lines ended as on the wire.</param>
    public static async Task<RawAnswer> SendAsync(Uri server, string request, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, cancellationToken);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);

        using var reader = new StreamReader(stream, Encoding.ASCII);
        var status = int.Parse((await reader.ReadLineAsync(cancellationToken))!.Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var isHead = request.StartsWith("HEAD ", StringComparison.Ordinal);
        var body = new char[isHead ? 0 : int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        if (body.Length > 0)
        {
            await reader.ReadBlockAsync(body, cancellationToken);
        }

        return new RawAnswer(status, headers, new string(body));
    }
}
