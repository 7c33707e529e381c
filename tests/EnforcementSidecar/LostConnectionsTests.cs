using System.Net.Sockets;
using Xunit;

namespace Metering.EnforcementSidecar.Tests;

/// <summary>Eight sidecars and a network that was cut found it: one that met this stopped as a whole.</summary>
public sealed class LostConnectionsTests
{
    [Fact]
    public async Task A_connection_that_is_lost_as_it_is_made_is_a_request_that_failed()
    {
        using var network = new ResetAtOnce();
        using var client = new HttpClient(new LostConnections(network));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAsync(new Uri("http://127.0.0.1:1/"), TestContext.Current.CancellationToken));

        Assert.Equal(SocketError.NotConnected, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    private sealed class ResetAtOnce : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(new SocketException((int)SocketError.NotConnected));
    }
}
