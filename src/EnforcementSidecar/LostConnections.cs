using System.Net.Sockets;

namespace Metering.EnforcementSidecar;

/// <summary>
/// A connection that is reset in the moment in which it is made comes out of the client as a bare <see cref="SocketException"/>. To who asked it is
/// a request that failed like any other.
/// </summary>
internal sealed class LostConnections(HttpMessageHandler network) : DelegatingHandler(network)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, exception.Message, exception);
        }
    }
}
