namespace Metering.Rating.Tests;

public sealed class GaugeLimitTest
{
    [Fact]
    public void The_amounts_of_grants_in_force_add_up_to_the_limit_of_a_gauge()
    {
        const string table = """
            grants                      at     reading  limit  balance  overage
            -                           h1     3        0      0        3
            10                          h1     0        10     10       0
            10                          h1     7        10     3        0
            10                          h1     10       10     0        0
            10                          h1     10.5     10     0        0.5
            10                          h1     -2       10     10       0
            10 p2 | 5 p1                h1     12       15     3        0
            10 to h1 | 5                h1     7        5      0        2
            10 to h1 | 5                h1-u1  7        15     8        0
            10 from h1 | 5              h1     7        15     8        0
            10 void h1 | 5              h1     7        5      0        2
            10 every P1D@d0 roll 0..0   d3     7        10     3        0
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var gauge = GaugeLimit.At(GrantText.Grants(row["grants"]), GrantText.At(row["at"]), row.Decimal("reading"));
            Assert.Equal(
                (row.ToString(), row.Decimal("limit"), row.Decimal("balance"), row.Decimal("overage")),
                (row.ToString(), gauge.Limit, gauge.Balance, gauge.Overage));
        }
    }

    [Fact]
    public void A_level_is_not_burnt_however_often_it_is_read()
    {
        var seats = GrantText.Grants("10");
        Assert.Equal(GaugeLimit.At(seats, GrantText.At("h1"), 10m), GaugeLimit.At(seats, GrantText.At("d9"), 10m));
        Assert.Equal(10m, GaugeLimit.At(seats, GrantText.At("h1"), 10m).Reading);
    }

    [Fact]
    public void Readings_and_limits_outside_the_bounds_are_refused()
    {
        var most = GrantText.Grants("10000000000000000 | 1");
        Assert.Throws<ArgumentOutOfRangeException>(() => GaugeLimit.At([], GrantText.Origin, RatingBounds.QuantityMax + 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => GaugeLimit.At(most, GrantText.Origin, 1m));
        Assert.Equal(RatingBounds.QuantityMax, GaugeLimit.At(most[..1], GrantText.Origin, 1m).Limit);
    }
}
