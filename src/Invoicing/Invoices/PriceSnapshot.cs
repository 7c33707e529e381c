using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Metering.Invoicing.Billing;
using Metering.Platform.Http;
using Metering.Rating;
using Metering.Subscriptions.Plans;

namespace Metering.Invoicing.Invoices;

/// <summary>What priced a line, in the field names of plan documents; it stays on the line when the plan is long gone.</summary>
internal static class PriceSnapshot
{
    public static JsonObject Of(PlannedLine plan, LineUsage? usage)
    {
        var price = plan.Price is Price.Dimensional matrix && usage is not null ? UsedOf(matrix, usage.Groups) : plan.Price;
        var json = PriceTerms.DocumentOf(price, plan.RateCard.Terms, plan.RateCard.DisplayUnit);
        if (plan.SupplementedBy is { } version)
        {
            json["supplementedBy"] = new JsonObject { ["planVersion"] = version };
        }

        return json;
    }

    /// <summary>The commitment and how it was met, as a flat price of what was missing.</summary>
    public static JsonObject Of(PlanCommitment commitment, TrueUp trueUp) => new()
    {
        ["type"] = "flat",
        ["amount"] = NumericConverter.Format(trueUp.Missing.Amount),
        ["paymentTerm"] = "in_arrears",
        ["commitment"] = new JsonObject
        {
            ["minimumSpend"] = NumericConverter.Format(commitment.MinimumAmount),
            ["committed"] = NumericConverter.Format(trueUp.Committed.Amount),
            ["charged"] = NumericConverter.Format(trueUp.Counted.Amount),
        },
    };

    /// <summary>A price list has thousands of cells and a line uses a few: only those are kept, which give the same charges.</summary>
    private static Price.Dimensional UsedOf(Price.Dimensional matrix, GroupedUsage groups)
    {
        var prices = groups.Groups.Select(group => (group.Values, Price: matrix.PriceOf(group.Values))).ToArray();
        ImmutableArray<PriceCell> used =
            [.. matrix.Cells.Where(cell => prices.Any(group => ReferenceEquals(group.Price, cell.Price) && Covers(cell, group.Values)))];
        return used.IsEmpty && matrix.Default is null
            ? matrix
            : new Price.Dimensional(matrix.Dimensions, used, matrix.Default, matrix.Pooling);
    }

    private static bool Covers(PriceCell cell, ImmutableArray<string> values) =>
        cell.Values.Zip(values).All(pair => pair.First is null || pair.First == pair.Second);
}
