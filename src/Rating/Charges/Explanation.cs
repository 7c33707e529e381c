using System.Text;

namespace Metering.Rating;

/// <summary>
/// A rating told as text that a finance person can follow: what was used, each charge as quantity × price, how it was rounded, the total.
/// </summary>
/// <remarks>The text depends on nothing but its arguments, ends every line with a line feed, and never shortens a figure.</remarks>
public static class Explanation
{
    private static readonly string[] Header = ["", "quantity", "unit price", "exact", "amount"];

    /// <summary>Tells one rating.</summary>
    /// <param name="result">What was rated.</param>
    /// <param name="title">What the line is called: <c>Summarization tokens</c>.</param>
    /// <param name="units">What is counted, in the plural: <c>tokens</c>.</param>
    public static string Of(RatingResult result, string title, string units)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = new StringBuilder();
        text.Append(title).Append('\n');
        AppendPeriods(text, result.Input.Line);
        AppendUsage(text, result, units);
        AppendUnpriced(text, result, units);
        AppendCharges(text, result);
        AppendRules(text, result);
        return text.ToString();
    }

    private static void AppendPeriods(StringBuilder text, LinePeriod line)
    {
        AppendPeriod(text, "Period", line.Billed);
        if (line.Billed != line.Served)
        {
            AppendPeriod(text, "Part of", line.Served);
        }

        if (line.Served != line.Full)
        {
            AppendPeriod(text, "Full", line.Full);
        }
    }

    private static void AppendPeriod(StringBuilder text, string label, ServicePeriod period) =>
        text.Append($"{label,-10}{period.Start.ToText()} to {period.End.ToText()}\n");

    private static void AppendUsage(StringBuilder text, RatingResult result, string units)
    {
        var (metered, billable) = (result.Metered, result.Billable);
        if (result.Input.Price is Price.Flat)
        {
            return;
        }

        text.Append($"{"Usage",-10}{AmountText.Quantity(metered.Quantity)} {units}");
        if (metered.Prior != 0m)
        {
            text.Append($", after {AmountText.Quantity(metered.Prior)} billed before");
        }

        text.Append('\n');
        if (result.Input.UnitsInForce != UnitsInForce.None)
        {
            AppendLevels(text, result.Input, units);
        }

        if (billable != metered)
        {
            AppendBillable(text, result, units);
        }
    }

    /// <summary>Every level of units in force and for how long it was: times units, they re-add to the usage.</summary>
    private static void AppendLevels(StringBuilder text, RatingInput input, string units)
    {
        var inForce = input.UnitsInForce.Within(input.Line.Billed, input.Line.Full, input.Proration);
        if (inForce.IsWithoutTime)
        {
            text.Append($"{"In force",-10}at most {AmountText.Quantity(inForce.Peak)} {units} at one time\n");
            return;
        }

        foreach (var same in inForce.Levels.Where(level => level.Units > 0m).GroupBy(level => level.Units).OrderBy(group => group.Key))
        {
            var share = same.Select(level => level.Share!.Value).Aggregate((sum, next) => sum with { Part = sum.Part + next.Part });
            text.Append($"{"In force",-10}{AmountText.Quantity(same.Key)} {units} for {share.InLargestUnit()}\n");
        }
    }

    private static void AppendBillable(StringBuilder text, RatingResult result, string units)
    {
        var terms = result.Input.Terms;
        text.Append($"{"Billed",-10}{AmountText.Quantity(result.Billable.Quantity)} {(terms.Conversion is null ? units : "units")}");
        if (terms.Conversion is { } conversion)
        {
            text.Append($"; {conversion.InWords(units)}");
        }

        if (terms.UsageDiscount > 0m)
        {
            text.Append($"; the first {AmountText.Quantity(terms.UsageDiscount)} of the period are free");
        }

        text.Append('\n');
    }

    private static void AppendUnpriced(StringBuilder text, RatingResult result, string units)
    {
        foreach (var unpriced in result.Unpriced)
        {
            text.Append($"{"Unpriced",-10}{AmountText.Quantity(unpriced.Usage.Quantity)} {units} of {unpriced.Group}; not in the total\n");
        }
    }

    private static void AppendCharges(StringBuilder text, RatingResult result)
    {
        var currency = result.Input.Currency;
        List<string[]> rows = [Header];
        foreach (var charge in result.Charges)
        {
            rows.Add(
            [
                charge.Name,
                AmountText.Quantity(charge.Quantity),
                AmountText.UnitPrice(charge.UnitPrice, currency),
                AmountText.Grouped(charge.Exact.Amount, currency),
                AmountText.Grouped(charge.Amount.Amount, currency),
            ]);
        }

        rows.Add([$"Total {currency}", "", "", "", AmountText.Grouped(result.Total.Amount, currency)]);
        var widths = Enumerable.Range(0, Header.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        text.Append('\n');
        foreach (var row in rows)
        {
            text.Append(row[0].PadRight(widths[0]));
            for (var column = 1; column < row.Length; column++)
            {
                text.Append("  ").Append(row[column].PadLeft(widths[column]));
            }

            text.Append('\n');
        }
    }

    private static void AppendRules(StringBuilder text, RatingResult result)
    {
        var input = result.Input;
        text.Append('\n');
        if (input.UnitsInForce != UnitsInForce.None)
        {
            text.Append("A unit counts for the share of the full period in which it is in force, in the tier in which it then lies.\n");
        }

        foreach (var sentence in result.Charges.Select(Sentence).Distinct())
        {
            text.Append(sentence).Append('\n');
        }

        foreach (var charge in result.Charges.Where(charge => charge.PeriodExact != charge.Exact))
        {
            var period = AmountText.Grouped(charge.PeriodExact.Amount, input.Currency);
            var rounded = AmountText.Grouped((charge.Amount + charge.BilledBefore).Amount, input.Currency);
            var before = AmountText.Grouped(charge.BilledBefore.Amount, input.Currency);
            text.Append($"{charge.Name}: {period} for the period so far, rounded {rounded}, less {before} billed before.\n");
        }

        var unit = AmountText.Plain(input.Currency.MinorUnit, input.Currency.MinorUnitDigits);
        text.Append($"Each amount is rounded once, to {unit} {input.Currency}, {input.Rounding.InWords()}; ")
            .Append("the total is the sum of the rounded amounts.\n");
    }

    private static string Sentence(Charge charge) => charge.Rule switch
    {
        ChargeRule.FlatFee when charge.Exact.Amount != charge.UnitPrice => "The fee is due whatever the usage, for the part of the period.",
        ChargeRule.FlatFee => "The fee is due whatever the usage.",
        ChargeRule.PerUnit => "Every unit costs the same.",
        ChargeRule.Package => "A package that was opened is paid in full.",
        ChargeRule.GraduatedTierUnit => "Each unit is priced by the tier it falls in.",
        ChargeRule.GraduatedTierFlat => "The flat amount of a tier is due once, on entering it; the first tier is entered when the period opens.",
        ChargeRule.VolumeTierUnit => "All units are priced by the tier that the period's usage reached.",
        ChargeRule.VolumeTierFlat => "The flat amount of the tier that the period's usage reached is due once.",
        ChargeRule.IncludedUsage => "What is included is not charged; what is beyond it is.",
        ChargeRule.PercentageOfAmount => "The percentage is charged of the amount that is not free.",
        ChargeRule.FreeAmount => "The amount is free until the free transactions or the free amount of the period are used up.",
        ChargeRule.TransactionFee => "The fee per transaction is due for each one that is not free.",
        ChargeRule.TransactionMinimum => "Transactions that would cost less than the minimum are raised to it.",
        ChargeRule.TransactionMaximum => "Transactions that would cost more than the maximum are lowered to it.",
        ChargeRule.GraduatedPercentageRate => "Each part of the amount pays the rate of the tier it falls in.",
        ChargeRule.GraduatedPercentageFlat => "The flat amount of a tier is due once, on entering it.",
        ChargeRule.CostMultiple => "The amount that was metered is passed on, times the multiplier if there is one.",
        ChargeRule.CostMarkup => "The markup is a percentage of the amount that was metered.",
        ChargeRule.PercentageDiscount => "The percentage is taken off the sum of the rounded charges above it.",
        ChargeRule.MaximumSpend => "What is above the agreed maximum of the period is taken off.",
        ChargeRule.MinimumSpend => "What is missing to the agreed minimum of the period is added.",
    };
}
