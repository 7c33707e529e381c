namespace Metering.Rating;

/// <summary>What happens around the price, one method each. <see cref="Rater"/> holds their order.</summary>
internal static class Adjustments
{
    public static void ConvertUnits(Tally tally)
    {
        if (tally.Input.Terms.Conversion is { } conversion)
        {
            tally.Convert(conversion);
        }
    }

    public static void DiscountUsage(Tally tally)
    {
        if (tally.Input.Terms.UsageDiscount > 0m)
        {
            tally.LeaveOut(tally.Input.Terms.UsageDiscount);
        }
    }

    public static void ChargePrice(Tally tally) => tally.Input.Price.ChargeTo(tally);

    /// <summary>A share of the rounded charges: the percentage is taken of what the customer reads, and 100 % leaves exactly nothing.</summary>
    public static void DiscountByPercentage(Tally tally)
    {
        var percentage = tally.Input.Terms.PercentageDiscount;
        if (percentage > 0m && tally.Total != 0m)
        {
            var off = -tally.Total * (percentage / 100m);
            tally.AddAmount(ChargeRule.PercentageDiscount, "percentage-discount", $"Discount {AmountText.Quantity(percentage)} %", off);
        }
    }

    public static void CapAtMaximum(Tally tally)
    {
        if (tally.Input.Terms.MaximumAmount is { } amount && tally.Round(amount) is var maximum && tally.Total > maximum)
        {
            var name = $"Maximum {AmountText.Grouped(maximum, tally.Input.Currency)}";
            tally.AddAmount(ChargeRule.MaximumSpend, "maximum-spend", name, maximum - tally.Total);
        }
    }

    /// <summary>Only the line that closes the period knows that the minimum was missed.</summary>
    public static void TopUpToMinimum(Tally tally)
    {
        if (tally.ClosesPeriod && tally.Input.Terms.MinimumAmount is { } amount && tally.Round(amount) is var minimum && tally.Total < minimum)
        {
            var name = $"Minimum {AmountText.Grouped(minimum, tally.Input.Currency)}";
            tally.AddAmount(ChargeRule.MinimumSpend, "minimum-spend", name, minimum - tally.Total);
        }
    }
}
