using System.Net;
using Metering.Notifications.Delivering;
using Xunit;

namespace Metering.Notifications.Tests.Delivering;

public sealed class PublicAddressTests
{
    // address | is it somebody's on the internet
    private const string Table = """
        8.8.8.8                  yes
        93.184.216.34            yes
        172.15.255.255           yes
        172.32.0.0               yes
        100.63.255.255           yes
        100.128.0.0              yes
        198.20.0.1               yes
        2606:4700::1111          yes
        2a00:1450:4001::200e     yes
        ::ffff:8.8.8.8           yes
        0.0.0.0                  no
        10.0.0.1                 no
        100.64.0.1               no
        127.0.0.1                no
        127.255.255.254          no
        169.254.169.254          no
        172.16.0.1               no
        172.31.255.255           no
        192.0.0.8                no
        192.0.2.1                no
        192.168.1.1              no
        198.18.0.1               no
        198.51.100.7             no
        203.0.113.9              no
        224.0.0.1                no
        255.255.255.255          no
        ::                       no
        ::1                      no
        ::ffff:127.0.0.1         no
        ::ffff:10.0.0.1          no
        ::127.0.0.1              no
        64:ff9b::7f00:1          no
        fc00::1                  no
        fd12:3456::1             no
        fe80::1                  no
        fec0::1                  no
        ff02::1                  no
        2001::1                  no
        2001:db8::1              no
        2002:7f00:1::            no
        3fff::1                  no
        """;

    [Fact]
    public void Only_addresses_of_others_on_the_internet_are_public()
    {
        var rows = Table.ReplaceLineEndings("\n").Split('\n').Select(row => row.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        var wrong = rows.Where(row => PublicAddress.IsPublic(IPAddress.Parse(row[0])) != (row[1] == "yes")).Select(row => row[0]);

        Assert.Empty(wrong);
    }
}
