using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class CostBasisTest
{
    [Fact]
    public void Units_become_money_once()
    {
        const string table = """
            case  units                      unit cost  currency  worth                      money
            W-8   1034                       0.001      USD       1.034                      1.03
            W-9   1034                       0.001      USD       1.034                      1.03
            W-11  17.9699999999999988631316  1          USD       17.9699999999999988631316  17.97
            PU-1  10655.243249               1          USD       10655.243249               10655.24
            PU-2  10655.243249               0.0075     USD       79.9143243675              79.91
            PU-2  5.5                        0.0075     USD       0.04125                    0.04
            jpy   1034                       0.3        JPY       310.2                      310
            free  1034                       0          USD       0.00                       0.00
            owed  -1035                      0.001      USD       -1.035                     -1.04
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var basis = new CostBasis(row.Decimal("unit cost"), Currency.Parse(row["currency"]));
            Assert.Equal(
                (row.ToString(), row["worth"], row["money"]),
                (row.ToString(), basis.Worth(row.Decimal("units")).ToAmountString(),
                    basis.ToMoney(row.Decimal("units"), Rounding.HalfAwayFromZero).ToAmountString()));
        }
    }

    [Fact]
    public void A_thousand_fifths_of_a_credit_are_two_dollars() =>
        Assert.Equal(
            new Money(2m, Currency.Usd),
            new CostBasis(0.01m, Currency.Usd).ToMoney(Enumerable.Repeat(0.2m, 1000).Sum(), Rounding.HalfAwayFromZero));

    [Fact]
    public void Units_of_several_cost_bases_are_added_up_before_they_are_rounded()
    {
        var (bought, given) = (new CostBasis(0.004m, Currency.Usd), new CostBasis(0m, Currency.Usd));
        Assert.Equal("0.01 USD", (bought.Worth(1m) + given.Worth(5m) + bought.Worth(1m)).Round(Rounding.HalfAwayFromZero).ToString());
    }

    [Fact]
    public void What_a_buyer_holds_is_worth_what_the_buyer_paid()
    {
        const string table = """
            case  wanted                     unit cost  paid   units
            W-8   1034                       0.001      1.03   1030
            W-10  1034.589                   0.001      1.03   1030
            W-11  17.9699999999999988631316  1          17.97  17.97
            cut   1034                       0.003      3.10   1033.333333333333
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var basis = new CostBasis(row.Decimal("unit cost"), Currency.Usd);
            var paid = basis.ToMoney(row.Decimal("wanted"), Rounding.HalfAwayFromZero);
            Assert.Equal((row.ToString(), row["paid"], row.Decimal("units")), (row.ToString(), paid.ToAmountString(), basis.UnitsFor(paid)));
        }
    }

    [Fact]
    public void Money_that_buys_units_is_what_they_are_worth() => Law.Holds(
        from minorUnits in Gen.Choose(0, 1_000_000_000)
        from costMillionths in Gen.Choose(1, 2_000_000_000)
        select (Money: new Money(minorUnits * 0.01m, Currency.Usd), Basis: new CostBasis(costMillionths * 0.000001m, Currency.Usd)),
        x =>
        {
            var units = x.Basis.UnitsFor(x.Money);
            Assert.True(x.Basis.Worth(units).Amount <= x.Money.Amount);
            Assert.Equal(x.Money, x.Basis.ToMoney(units, Rounding.HalfAwayFromZero));
        });

    [Fact]
    public void Conversions_that_have_no_answer_are_refused()
    {
        var basis = new CostBasis(0.001m, Currency.Usd);
        Assert.Throws<InvalidOperationException>(() => basis.UnitsFor(Money.Zero(Currency.Eur)));
        Assert.Throws<InvalidOperationException>(() => new CostBasis(0m, Currency.Usd).UnitsFor(Money.Zero(Currency.Usd)));
        Assert.Throws<ArgumentOutOfRangeException>(() => basis.UnitsFor(new Money(RatingBounds.AmountMax + 1m, Currency.Usd)));
        Assert.Equal(RatingBounds.AmountMax, new CostBasis(1m, Currency.Usd).UnitsFor(new Money(RatingBounds.AmountMax, Currency.Usd)));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new CostBasis(0.000000000001m, Currency.Usd).UnitsFor(new Money(10_000.01m, Currency.Usd)));
        Assert.Equal(RatingBounds.QuantityMax, new CostBasis(0.000000000001m, Currency.Usd).UnitsFor(new Money(10_000m, Currency.Usd)));
        Assert.Throws<ArgumentOutOfRangeException>(() => basis.Worth(RatingBounds.QuantityMax + 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => basis.Worth(-RatingBounds.QuantityMax - 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostBasis(-0.001m, Currency.Usd));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostBasis(RatingBounds.AmountMax + 1m, Currency.Usd));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostBasis(0.0000000000001m, Currency.Usd));
    }

    [Fact]
    public void The_largest_units_at_the_largest_cost_do_not_overflow()
    {
        var basis = new CostBasis(RatingBounds.AmountMax, Currency.Usd);
        Assert.Equal(RatingBounds.AmountMax * RatingBounds.QuantityMax, basis.ToMoney(RatingBounds.QuantityMax, Rounding.HalfAwayFromZero).Amount);
    }
}
