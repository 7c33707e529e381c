using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;

namespace Metering.Invoicing.Billing;

/// <summary>Asks for the usage of planned lines: a count, each transaction, or groups by the dimensions of the price.</summary>
public sealed class LineMetering(UsageReader usage)
{
    /// <summary>The question whose answer a line bills; asked again later, it finds the same events.</summary>
    public static UsageQuery QueryOf(string meterSlug, ImmutableArray<string> subjects, ServicePeriod period, Watermark watermark) =>
        new(meterSlug, period.Start, period.End) { Subjects = subjects, AsRecordedBy = watermark };

    public async Task<LineUsage> ReadAsync(
        BillableSubscription subscription, PlannedLine plan, Watermark watermark, CancellationToken cancellationToken)
    {
        var meter = plan.RateCard.MeterSlug ?? throw new InvalidOperationException(
            $"Rate card {plan.RateCard.Key} of subscription {subscription.Id} is priced by usage and names no meter.");

        // No subject in a query means everybody; a customer without subjects has no usage.
        if (subscription.Customer.SubjectKeys.IsEmpty)
        {
            return LineUsage.Of(0m);
        }

        var query = QueryOf(meter, subscription.Customer.SubjectKeys, plan.Period.Billed, watermark) with
        {
            TextFilters = plan.RateCard.MeterFilters,
        };
        return plan.Price switch
        {
            Price.Dimensional matrix => GroupsOf(
                matrix.Dimensions, await usage.ReadAsync(query with { GroupBy = matrix.Dimensions }, cancellationToken)),
            Price.Percentage { NeedsEachTransaction: true } or Price.Percentage { FixedAmount: > 0m }
                or Price.Dynamic { MarkupPerTransaction: > 0m } =>
                TransactionsOf(await usage.ReadEachAsync(query, cancellationToken)),
            _ => LineUsage.Of((await usage.ReadAsync(query, cancellationToken)).Sum(row => row.Value)),
        };
    }

    /// <summary>Events that lack a property and those that have it empty are one group.</summary>
    internal static LineUsage GroupsOf(ImmutableArray<string> dimensions, ImmutableArray<UsageRow> rows)
    {
        var groups = rows
            .Select(row => (Values: dimensions.Select(name => row.Dimensions[name] ?? "").ToImmutableArray(), row.Value))
            .GroupBy(row => row.Values, row => row.Value, new SameValues())
            .Select(group => new UsageGroup(group.Key, Usage.Of(group.Sum())));
        var grouped = new GroupedUsage(dimensions, [.. groups]);
        return new LineUsage(rows.Sum(row => row.Value), TransactionUsage.None, grouped);
    }

    /// <summary>An amount of zero is no transaction; one below zero has no fee and is told apart.</summary>
    internal static LineUsage TransactionsOf(ImmutableArray<decimal> amounts)
    {
        var takenBack = amounts.Where(amount => amount < 0m).Sum();
        var transactions = amounts.RemoveAll(amount => amount <= 0m);
        return new LineUsage(amounts.Sum(), TransactionUsage.Each([], transactions), GroupedUsage.None) { TakenBack = takenBack };
    }

    private sealed class SameValues : IEqualityComparer<ImmutableArray<string>>
    {
        public bool Equals(ImmutableArray<string> x, ImmutableArray<string> y) => x.SequenceEqual(y);

        public int GetHashCode(ImmutableArray<string> obj) =>
            obj.Aggregate(0, (hash, value) => HashCode.Combine(hash, value.GetHashCode(StringComparison.Ordinal)));
    }
}
