using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class InAdvanceBillingTest
{
    [Fact]
    public void Each_event_pays_what_it_adds()
    {
        const string table = """
            row   price                                                                         free  events       fees
            GP7   percentages up to 100: flat 10 + 20 % | up to 200: flat 7 + 30 % | then 40 %  0     50 100       20.00 32.00
            PK4   package 2 for 100                                                             3     3 1 2        0.00 100.00 100.00
            PA1   graduated up to 2: 0 each | then 2 each                                       0     1 1 1        0.00 0.00 2.00
            PA2   unit 1                                                                        0     10 -4 8      10.00 0.00 4.00
            PA3   graduated up to 5: flat 0.01 + 0.02 each | then flat 0.01 + 0.01 each         0     3 1 2        0.07 0.02 0.04
            PA4   unit 12                                                                       0     1 -1 1 1     12.00 0.00 0.00 12.00
            D3    dynamic 0.01                                                                  0     1234.56 2.1  12.35 0.02
            vol   volume then 5 each                                                            0     3 1          0.00 0.00
            open  graduated up to 5: flat 7 | then 1 each                                       0     0 2          7.00 0.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var period = Some.Input(PriceText.Parse(row["price"]), 0m, new RateCardTerms(usageDiscount: row.Decimal("free")));
            var fees = InAdvanceBilling.FeesOf(period, [.. row.Decimals("events")]);
            Assert.Equal((row.ToString(), row["fees"]), (row.ToString(), string.Join(' ', fees.Select(fee => fee.Total.ToAmountString()))));
            Assert.All(fees, fee => Assert.Equal(fee.Total.Amount, fee.Charges.Sum(charge => charge.Amount.Amount)));
            Assert.All(fees.SelectMany(fee => fee.Charges), charge => Assert.False(charge.Quantity == 0m && charge.Amount.IsZero));
        }
    }

    [Fact]
    public void Each_transaction_pays_what_it_adds()
    {
        const string table = """
            row   price                          events          fees
            PC16  5 fixed 1 free 2               8 5 3           0.00 0.00 1.15
            PC17  5 fixed 1 upto 120             100 10 20 20    0.00 0.00 1.50 2.00
            PC18  1 fixed 0.5 min 1.75 max 2     100 1000 10000  1.75 2.00 2.00
            PC20  5 fixed 1 upto 3               5 1             1.10 1.05
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var fees = InAdvanceBilling.FeesOfTransactions(
                Some.Input(PriceText.Parse($"percentage {row["price"]}"), 0m), [.. row.Decimals("events")]);
            Assert.Equal(row.Decimals("events"), fees.Select(fee => fee.Billable.Quantity));
            Assert.Equal((row.ToString(), row["fees"]), (row.ToString(), string.Join(' ', fees.Select(fee => fee.Total.ToAmountString()))));
        }
    }

    [Fact]
    public void A_thousand_events_of_a_fifth_of_a_cent_bill_two_dollars_and_no_fee_is_more_than_a_cent()
    {
        var fees = InAdvanceBilling.FeesOf(Some.Input(new Price.PerUnit(0.002m), 0m), [.. Enumerable.Repeat(1m, 1000)]);
        Assert.Equal(2.00m, fees.Sum(fee => fee.Total.Amount));
        Assert.All(fees, fee => Assert.InRange(fee.Total.Amount, 0m, 0.01m));
        Assert.All(fees, fee => Assert.Equal(1m, fee.Billable.Quantity));
    }

    [Fact]
    public void Fees_sum_to_the_arrears_price_of_the_highest_usage()
    {
        var cases =
            from price in Generated.QuantityPrice.Where(price => price is not Price.Volume)
            from changes in Gen.ArrayOf(Generated.Quantity, 6)
            from signs in Gen.ArrayOf(Gen.Elements(1m, 1m, -1m), 6)
            from rounding in Generated.AnyRounding
            select (price, Changes: changes.Zip(signs, (change, sign) => change * sign).ToArray(), rounding);
        Law.Holds(cases, x =>
        {
            var period = Some.Input(x.price, 0m) with { Rounding = x.rounding };
            var fees = InAdvanceBilling.FeesOf(period, [.. x.Changes]);
            var (running, peak) = (0m, 0m);
            foreach (var change in x.Changes)
            {
                running += change;
                peak = Math.Max(peak, running);
            }

            Assert.Equal(Rater.Rate(period with { Usage = Usage.Of(peak) }).Total.Amount, fees.Sum(fee => fee.Total.Amount));
        });
    }

    [Fact]
    public void What_cannot_be_billed_event_by_event_is_refused()
    {
        var period = Some.Input(new Price.PerUnit(1m), 0m);
        Assert.Throws<ArgumentException>(() => InAdvanceBilling.FeesOf(period with { Usage = Usage.Of(1m) }, 1m));
        Assert.Throws<ArgumentException>(() => InAdvanceBilling.FeesOf(period with { Transactions = TransactionUsage.Each(1m) }, 1m));
        Assert.Throws<ArgumentException>(() => InAdvanceBilling.FeesOfTransactions(period with { Usage = Usage.Of(1m) }, 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => InAdvanceBilling.FeesOf(period, [.. new decimal[InAdvanceBilling.EventsMax + 1]]));
        Assert.Equal(InAdvanceBilling.EventsMax, InAdvanceBilling.FeesOf(period, [.. new decimal[InAdvanceBilling.EventsMax]]).Length);
        var converted = period with { Price = new Price.Package(1m, 1m), Terms = new RateCardTerms(conversion: UnitConversion.DivideBy(2m,
            UnitRounding.Up)) };
        Assert.Throws<InvalidPriceException>(() => InAdvanceBilling.FeesOf(converted, 1m));
    }
}
