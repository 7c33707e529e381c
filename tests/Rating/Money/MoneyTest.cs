namespace Metering.Rating.Tests;

public sealed class MoneyTest
{
    [Fact]
    public void Currencies_know_the_digits_of_their_minor_unit()
    {
        const string table = """
            code  digits  minor unit
            USD   2       0.01
            EUR   2       0.01
            JPY   0       1
            KRW   0       1
            KWD   3       0.001
            TND   3       0.001
            CLF   4       0.0001
            """;
        foreach (var row in TextTable.Rows(table))
        {
            Assert.True(Currency.TryParse(row["code"], out var currency), row.ToString());
            Assert.Equal(row.Decimal("digits"), currency.MinorUnitDigits);
            Assert.Equal(row.Decimal("minor unit"), currency.MinorUnit);
            Assert.Equal(row["code"], currency.ToString());
        }
    }

    [Theory]
    [InlineData("usd")]
    [InlineData(" USD")]
    [InlineData("XAU")]
    [InlineData("")]
    [InlineData(null)]
    public void Codes_that_cannot_be_invoiced_in_are_not_currencies(string? code)
    {
        Assert.False(Currency.TryParse(code, out var currency));
        Assert.Null(currency);
    }

    [Fact]
    public void Every_currency_code_is_three_upper_case_letters_and_has_one_instance()
    {
        Assert.All(Currency.All, currency => Assert.Matches("^[A-Z]{3}$", currency.Code));
        Assert.All(Currency.All, currency => Assert.Same(currency, Currency.Parse(currency.Code)));
        Assert.Equal(Currency.All.Count, Currency.All.Select(currency => currency.Code).Distinct().Count());
        Assert.Throws<FormatException>(() => Currency.Parse("ZZZ"));
    }

    [Fact]
    public void Money_is_whole_minor_units_or_it_is_refused()
    {
        const string table = """
            amount  currency  money
            49      USD       49.00 USD
            1.5     USD       1.50 USD
            1.5000  USD       1.50 USD
            0.001   USD       -
            -0.01   USD       -0.01 USD
            12      JPY       12 JPY
            0.5     JPY       -
            0.001   KWD       0.001 KWD
            0.0001  KWD       -
            0       USD       0.00 USD
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var currency = Currency.Parse(row["currency"]);
            if (row.IsEmpty("money"))
            {
                Assert.Throws<ArgumentException>(() => new Money(row.Decimal("amount"), currency));
            }
            else
            {
                var money = new Money(row.Decimal("amount"), currency);
                Assert.Equal(row["money"], money.ToString());
                Assert.Equal(row["money"], $"{money.Amount} {currency}");
                Assert.Equal(row["money"], $"{(money + Money.Zero(currency)).Amount} {currency}");
            }
        }
    }

    [Fact]
    public void Money_without_a_currency_throws_on_use_but_can_be_compared_away()
    {
        var nothing = default(Money);
        Assert.Throws<InvalidOperationException>(() => nothing.Amount);
        Assert.Throws<InvalidOperationException>(() => nothing.Currency);
        Assert.Throws<InvalidOperationException>(() => nothing.ToString());
        Assert.Throws<InvalidOperationException>(() => nothing + Money.Zero(Currency.Usd));
        Assert.Throws<InvalidOperationException>(() => Money.Zero(Currency.Usd) - nothing);
        Assert.Throws<InvalidOperationException>(() => default(ExactAmount).Amount);
        Assert.True(nothing == default);
        Assert.True(nothing != Money.Zero(Currency.Usd));
    }

    [Fact]
    public void Mixed_currencies_throw_whatever_is_done_with_them()
    {
        var (dollars, euros) = (new Money(1m, Currency.Usd), new Money(1m, Currency.Eur));
        Assert.Throws<InvalidOperationException>(() => dollars + euros);
        Assert.Throws<InvalidOperationException>(() => dollars - euros);
        Assert.Throws<InvalidOperationException>(() => dollars < euros);
        Assert.Throws<InvalidOperationException>(() => ExactAmount.Of(dollars) + ExactAmount.Of(euros));
        Assert.Throws<InvalidOperationException>(() => ExactAmount.Of(dollars) - ExactAmount.Of(euros));
        Assert.NotEqual(dollars, euros);
    }

    [Fact]
    public void Money_adds_subtracts_negates_and_orders()
    {
        var (one, two) = (new Money(1m, Currency.Usd), new Money(2m, Currency.Usd));
        Assert.Equal("3.00 USD", (one + two).ToString());
        Assert.Equal("-1.00 USD", (one - two).ToString());
        Assert.Equal("-2.00 USD", (-two).ToString());
        Assert.True(one < two && two > one && one <= two && two >= one && one <= two - one && one >= two - one);
        Assert.False(two < one || one > two || two <= one || one >= two);
        Assert.False(one < two - one || one > two - one);
        Assert.True((one - two).IsNegative && !one.IsNegative && (one - one).IsZero && !one.IsZero);
        var (half, third) = (new ExactAmount(0.5m, Currency.Usd), new ExactAmount(0.3m, Currency.Usd));
        Assert.Equal(("0.80 USD", "0.20 USD"), ((half + third).ToString(), (half - third).ToString()));
        Assert.Equal("0.005 USD", (one * 0.005m).ToString());
        Assert.Equal("-0.50 USD", (-(one * 0.5m)).ToString());
    }

    [Fact]
    public void Each_rounding_does_what_its_name_says()
    {
        const string table = """
            row   exact       currency  half away  half even  up      down    ceiling  floor
            -     0.005       USD       0.01       0.00       0.01    0.00    0.01     0.00
            -     0.015       USD       0.02       0.02       0.02    0.01    0.02     0.01
            -     -0.005      USD       -0.01      0.00       -0.01   0.00    0.00     -0.01
            -     0.001       USD       0.00       0.00       0.01    0.00    0.01     0.00
            -     -0.009      USD       -0.01      -0.01      -0.01   0.00    0.00     -0.01
            K1a   1.23456789  USD       1.23       1.23       1.24    1.23    1.24     1.23
            K1b   1.23556789  USD       1.24       1.24       1.24    1.23    1.24     1.23
            K2a   1.2345      JPY       1          1          2       1       2        1
            K2b   1.9556789   JPY       2          2          2       1       2        1
            K4    1.23456789  CLF       1.2346     1.2346     1.2346  1.2345  1.2346   1.2345
            -     2           USD       2.00       2.00       2.00    2.00    2.00     2.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var exact = new ExactAmount(row.Decimal("exact"), Currency.Parse(row["currency"]));
            Assert.Equal(row["half away"], exact.Round(Rounding.HalfAwayFromZero).ToAmountString());
            Assert.Equal(row["half even"], exact.Round(Rounding.HalfEven).ToAmountString());
            Assert.Equal(row["up"], exact.Round(Rounding.Up).ToAmountString());
            Assert.Equal(row["down"], exact.Round(Rounding.Down).ToAmountString());
            Assert.Equal(row["ceiling"], exact.Round(Rounding.Ceiling).ToAmountString());
            Assert.Equal(row["floor"], exact.Round(Rounding.Floor).ToAmountString());
        }
    }

    [Fact]
    public void Unit_prices_keep_every_decimal_and_at_least_the_minor_unit()
    {
        Assert.Equal("0.000005", AmountText.UnitPrice(0.000005m, Currency.Usd));
        Assert.Equal("0.0000000000000000000000000001", AmountText.UnitPrice(0.0000000000000000000000000001m, Currency.Usd));
        Assert.Equal("49.00", AmountText.UnitPrice(49m, Currency.Usd));
        Assert.Equal("0.50", AmountText.UnitPrice(0.5000m, Currency.Usd));
        Assert.Equal("5", AmountText.UnitPrice(5.0m, Currency.Parse("JPY")));
        Assert.Equal("62,345,678", AmountText.Quantity(62345678.000m));
        Assert.Equal("0.5", AmountText.Quantity(0.50m));
        Assert.Equal("1,234.50", AmountText.Grouped(1234.5m, Currency.Usd));
        Assert.Equal("37.037034", AmountText.Grouped(37.037034m, Currency.Usd));
    }
}
