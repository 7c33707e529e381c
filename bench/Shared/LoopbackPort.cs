using System.Net;
using System.Net.Sockets;

namespace Metering.Bench;

/// <summary>A port of this machine on which nobody listens at the moment.</summary>
internal static class LoopbackPort
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
