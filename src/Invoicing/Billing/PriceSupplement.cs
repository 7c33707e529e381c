using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Plans;

namespace Metering.Invoicing.Billing;

/// <summary>
/// Prices what a subscription's own version of the plan leaves unpriced by the version in force. What was agreed stays agreed: only
/// combinations of values that had no price at all get one.
/// </summary>
internal static class PriceSupplement
{
    /// <summary>Groups with usage and without a price.</summary>
    public static ImmutableArray<UsageGroup> UnpricedOf(Price.Dimensional matrix, GroupedUsage groups) =>
        [.. groups.Groups.Where(group => group.Usage.Quantity != 0m && matrix.PriceOf(group.Values) is null)];

    /// <summary>The planned line with cells added for the unpriced groups that the listed price knows; unchanged when there are none.</summary>
    public static PlannedLine Apply(
        PlannedLine plan, Price.Dimensional matrix, ImmutableArray<UsageGroup> unpriced, ListedPrice listed, Currency currency)
    {
        // The listed amounts mean the same only in the same currency, for the same units and by the same dimensions.
        if (listed.Currency != currency || listed.Terms.Conversion != plan.RateCard.Terms.Conversion
            || listed.Price is not Price.Dimensional newer || !newer.Dimensions.SequenceEqual(matrix.Dimensions))
        {
            return plan;
        }

        ImmutableArray<PriceCell> added =
        [
            .. unpriced.Select(group => (group.Values, Price: newer.PriceOf(group.Values))).Where(cell => cell.Price is not null)
                .Select(cell => new PriceCell([.. cell.Values], cell.Price!)),
        ];
        return added.IsEmpty || matrix.Cells.Length + added.Length > Price.Dimensional.CellsMax
            ? plan
            : plan with
            {
                Price = new Price.Dimensional(matrix.Dimensions, [.. matrix.Cells, .. added], matrix.Default, matrix.Pooling),
                SupplementedBy = listed.PlanVersion,
            };
    }
}
