using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class AllocationTest
{
    [Fact]
    public void Left_over_minor_units_go_to_the_largest_remainders_and_ties_to_the_earlier_part()
    {
        const string table = """
            row      amount  currency  weights                                      parts
            K5       6.00    USD       10 5                                         4.00 2.00
            K8       100     USD       1 2 3                                        16.67 33.33 50.00
            thirds   100     USD       1 1 1                                        33.34 33.33 33.33
            minus    -100    USD       1 1 1                                        -33.34 -33.33 -33.33
            K10      0.0005  CLF       1 1                                          0.0003 0.0002
            yen      10      JPY       1 1 1                                        4 3 3
            wide     1000    USD       10000000000 0.000001 10000000000             500.00 0.00 500.00
            wider    3       USD       12345678901234567890.5 24691357802469135781  1.00 2.00
            nothing  0.01    USD       0 3                                          0.00 0.01
            halves   0.01    USD       0.5 0.25 0.25                                0.01 0.00 0.00
            quarter  0.05    USD       1 1 1 1                                      0.02 0.01 0.01 0.01
            one      7       USD       7                                            7.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var money = new Money(row.Decimal("amount"), Currency.Parse(row["currency"]));
            var weights = row["weights"].Split(' ').Select(weight => decimal.Parse(weight)).ToArray();
            Assert.Equal(row["parts"], string.Join(' ', money.Allocate(weights).Select(part => part.ToAmountString())));
        }
    }

    [Fact]
    public void Weights_that_say_nothing_are_refused()
    {
        var money = new Money(1m, Currency.Usd);
        Assert.Throws<ArgumentException>(() => money.Allocate());
        Assert.Throws<ArgumentException>(() => money.Allocate(0m, 0m));
        Assert.Throws<ArgumentException>(() => money.Allocate(1m, -1m));
    }

    [Fact]
    public void Parts_sum_exactly_and_none_is_a_whole_minor_unit_off_its_share()
    {
        var cases =
            from units in Gen.Choose(-1_000_000, 1_000_000)
            from currency in Generated.AnyCurrency
            from weights in Gen.NonEmptyListOf(Generated.Quantity)
            where weights.Any(weight => weight > 0m)
            select (Money: new Money(units * currency.MinorUnit, currency), Weights: weights.ToArray());
        Law.Holds(cases, x =>
        {
            var parts = x.Money.Allocate(x.Weights);
            Assert.Equal(x.Money, parts.Aggregate(Money.Zero(x.Money.Currency), (sum, part) => sum + part));
            var total = x.Weights.Sum();
            for (var i = 0; i < parts.Length; i++)
            {
                var share = x.Money.Amount * x.Weights[i] / total;
                Assert.True(Math.Abs(parts[i].Amount - share) < x.Money.Currency.MinorUnit);
            }
        });
    }
}
