using Metering.EnforcementSidecar.Leases;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases;

public sealed class LeaseSizingTests
{
    [Fact]
    public void A_lease_lasts_two_seconds_and_leaves_enough_for_the_others()
    {
        const string table = """
            needed  rate   limit    free   sidecars  wanted
                 1     0     100       -          1       5
                 1     0      10       -          1       1
                 0     0   10000       -          1      10
                 0   500   10000   10000          1    1000
                 0   500   10000    1000          1     500
                 0   500   10000    1000          4     125
                 0   500   10000       3          4       1
                40   500   10000       3          4      40
            """;
        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries).Skip(1))
        {
            var cell = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long Number(int i) => long.Parse(cell[i], System.Globalization.CultureInfo.InvariantCulture);
            long? free = cell[3] == "-" ? null : Number(3);
            Assert.Equal((row, Number(5)), (row, LeaseSizing.Wanted(Number(0), Number(1), Number(2), free, (int)Number(4))));
        }
    }
}
