using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class CreditApplicationTest
{
    [Fact]
    public void Credits_pay_amounts_in_their_order()
    {
        const string table = """
            row    owed       credits  paid                   left
            E7a    100 50     150      0:0=100 1:0=50         0
            E7b    100 50 5   150      0:0=100 1:0=50         5
            E7c    100 50     75 75    0:0=75 0:1=25 1:1=50   0
            E7d    100 50     125      0:0=100 1:0=25         25
            E8     100 50 50  175      0:0=100 1:0=50 2:0=25  25
            more   10         100      0:0=10                 0
            off    100 -60    100      0:0=40                 0
            first  -60 100    100      1:0=40                 0
            zero   10         0 4      0:1=4                  6
            void   -5         100      -                      -5
            """;
        foreach (var row in TextTable.Rows(table))
        {
            ImmutableArray<Money> owed = [.. row.Decimals("owed").Select(Usd)];
            var uses = CreditApplication.Apply(owed, [.. row.Decimals("credits").Select((amount, i) => new CreditBalance($"{i}", Usd(amount)))]);
            var paid = uses.IsEmpty ? "-" : string.Join(' ', uses.Select(use => $"{use.Owed}:{use.CreditId}={use.Amount.Amount:0.##}"));
            var left = owed.Sum(amount => amount.Amount) - uses.Sum(use => use.Amount.Amount);
            Assert.Equal((row.ToString(), row["paid"], row.Decimal("left")), (row.ToString(), paid, left));
        }

        Assert.Empty(CreditApplication.Apply([], [new CreditBalance("a", Usd(1m))]));
        Assert.Empty(CreditApplication.Apply([Usd(1m)], []));
        var refused = Assert.Throws<ArgumentException>(() =>
            CreditApplication.Apply([Usd(1m)], [new CreditBalance("a", Usd(-1m)), new CreditBalance("b", Usd(-1m))]));
        Assert.Contains("Credit a is negative", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credits_pay_the_smaller_of_what_is_owed_and_what_is_there()
    {
        var cases =
            from owed in Gen.ArrayOf(Gen.Choose(-500, 1_000))
            from credits in Gen.ArrayOf(Gen.Choose(0, 1_000))
            select (owed, credits);
        Law.Holds(cases, x =>
        {
            var uses = CreditApplication.Apply(
                [.. x.owed.Select(cents => Usd(cents / 100m))], [.. x.credits.Select((cents, i) => new CreditBalance($"{i}", Usd(cents / 100m)))]);
            Assert.Equal(Math.Max(0, Math.Min(x.owed.Sum(), x.credits.Sum())) / 100m, uses.Sum(use => use.Amount.Amount));
            Assert.All(uses, use => Assert.True(use.Amount.Amount > 0m));
            Assert.All(uses.GroupBy(use => use.Owed), same => Assert.True(same.Sum(use => use.Amount.Amount) <= x.owed[same.Key] / 100m));
            Assert.All(uses.GroupBy(use => use.CreditId), same => Assert.True(same.Sum(use =>
                use.Amount.Amount) <= x.credits[int.Parse(same.Key)] / 100m));
        });
    }

    [Fact]
    public void Units_of_account_become_money_once()
    {
        var unit = new PricingUnit("credits", 0.0075m, Currency.Usd);
        Assert.Equal("79.914324", unit.Worth(10_655.2432m).ToAmountString());
        Assert.Equal("79.91 USD", unit.Worth(10_655.2432m).Round(Rounding.HalfAwayFromZero).ToString());
        Assert.Equal(("credits", 0.0075m, Currency.Usd), (unit.Code, unit.CostBasis, unit.Currency));

        // Lago PU-2, W-8 and W-10, M-3.
        Assert.Equal("0.04125 USD", new PricingUnit("credits", 0.0075m, Currency.Usd).Worth(5.5m).ToString());
        var tiny = new PricingUnit("credits", 0.001m, Currency.Usd);
        Assert.Equal("1.03 USD", tiny.Worth(1_034m).Round(Rounding.Down).ToString());
        Assert.Equal(1_030m, tiny.UnitsFor(new Money(1.03m, Currency.Usd), 1m));
        Assert.Equal("0.75 USD", new PricingUnit("credits", 0.25m, Currency.Usd).Worth(10m - 7m).ToString());
    }

    [Fact]
    public void Money_buys_whole_steps_of_a_unit()
    {
        var unit = new PricingUnit("credits", 0.3m, Currency.Usd);
        Assert.Equal(33m, unit.UnitsFor(Usd(10m), 1m));
        Assert.Equal(33.3m, unit.UnitsFor(Usd(10m), 0.1m));
        Assert.Equal(0m, unit.UnitsFor(Usd(0.29m), 1m));
        Assert.Throws<InvalidOperationException>(() => unit.UnitsFor(new Money(1m, Currency.Eur), 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => unit.UnitsFor(Usd(1m), 0m));
        Assert.Equal("/costBasis NotPositive", string.Join(' ', PricingUnit.Check(0m).Select(error => $"{error.Pointer} {error.Code}")));
        Assert.Throws<InvalidPriceException>(() => new PricingUnit("credits", 0m, Currency.Usd));
    }

    private static Money Usd(decimal amount) => new(amount, Currency.Usd);
}
