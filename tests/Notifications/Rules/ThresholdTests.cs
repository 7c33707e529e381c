using System.Globalization;
using Metering.Notifications.Rules;
using Xunit;

namespace Metering.Notifications.Tests.Rules;

public sealed class ThresholdTests
{
    // type             value   usage granted balance   reached
    private const string Table = """
        usage_value        80      79    100     21      no
        usage_value        80      80    100     20      yes
        NUMBER             80      80    100     20      yes
        usage_percentage   80      79.9  100     20.1    no
        usage_percentage   80      80    100     20      yes
        usage_percentage   33.3    333   1000    667     yes
        usage_percentage   150     149   100     0       no
        usage_percentage   150     150   100     0       yes
        usage_percentage   10      0     0       0       no
        usage_percentage   10      1     0       0       yes
        PERCENT            100     100   100     0       yes
        balance_value      20      79    100     21      no
        balance_value      20      80    100     20      yes
        balance_value      0       100   100     0       yes
        balance_value      0       99    100     1       no
        """;

    [Fact]
    public void A_threshold_is_reached_when_usage_comes_up_to_it_or_the_balance_down_to_it()
    {
        var wrong = new List<string>();
        foreach (var row in Table.ReplaceLineEndings("\n").Split('\n'))
        {
            var cells = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var numbers = cells[1..5].Select(cell => decimal.Parse(cell, CultureInfo.InvariantCulture)).ToArray();
            if (new Threshold(numbers[0], cells[0]).IsReached(numbers[1], numbers[2], numbers[3]) != (cells[5] == "yes"))
            {
                wrong.Add(row);
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Older_names_and_trailing_zeros_make_no_other_threshold()
    {
        Assert.Equal(new Threshold(80m, "PERCENT").Identity, new Threshold(80.00m, "usage_percentage").Identity);
        Assert.Equal(new Threshold(5m, "NUMBER").Identity, new Threshold(5m, "usage_value").Identity);
        Assert.NotEqual(new Threshold(5m, "balance_value").Identity, new Threshold(5m, "usage_value").Identity);
    }
}
