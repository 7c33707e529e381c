using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Metering.Notifications.Delivering;

/// <summary>
/// Which addresses are somebody's on the internet, and not this machine's, its network's or nobody's: where a webhook may go without
/// reaching what only this server can reach.
/// </summary>
internal static class PublicAddress
{
    // The special-purpose registries of IANA.
    private static readonly ImmutableArray<IPNetwork> Reserved4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    // Within 2000::/3, outside of which nothing is public: protocol assignments and tunnels that carry an address of another kind.
    private static readonly ImmutableArray<IPNetwork> Reserved6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48" }.Select(IPNetwork.Parse)];

    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");

    public static bool IsPublic(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? IsPublic(address.MapToIPv4())
        : address.AddressFamily == AddressFamily.InterNetwork ? !Reserved4.Any(network => network.Contains(address))
        : Public6.Contains(address) && !Reserved6.Any(network => network.Contains(address));
}
