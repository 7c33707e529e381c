using System.Net;
using System.Net.Sockets;

namespace Metering.Testing;

/// <summary>Loopback ports for processes that must be told theirs beforehand.</summary>
public static class FreePort
{
    /// <summary>Distinct ports that nobody listens on at the moment.</summary>
    public static int[] Take(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners)
        {
            listener.Start();
        }

        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners)
        {
            listener.Stop();
        }

        return ports;
    }
}
