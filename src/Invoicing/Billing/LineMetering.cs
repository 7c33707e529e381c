using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Rating;

namespace Metering.Invoicing.Billing;

/// <summary>Asks for the usage of planned lines: a count, each transaction, or groups by the dimensions of the price.</summary>
public sealed class LineMetering(UsageReader usage)
{
    /// <summary>The question whose answer a line bills; asked again later, it finds the same events.</summary>
    public static UsageQuery QueryOf(string meterSlug, ImmutableArray<string> subjects, ServicePeriod period, Watermark watermark) =>
        new(meterSlug, period.Start, period.End) { Subjects = subjects, AsRecordedBy = watermark };

    /// <summary>
    /// The usage of the served period up to the end of the line, as it is known now, and what of it was billed before, as it was known then: so
    /// usage that came late for an earlier line is billed by this one.
    /// </summary>
    public async Task<LineUsage> ReadAsync(LineContext context, PlannedLine plan, Watermark watermark, CancellationToken cancellationToken)
    {
        var meter = plan.RateCard.MeterSlug ?? throw new InvalidOperationException(
            $"Rate card {plan.RateCard.Key} of subscription {context.SubscriptionId} is priced by usage and names no meter.");

        // No subject in a query means everybody; a customer without subjects has no usage.
        if (context.SubjectKeys.IsEmpty)
        {
            return LineUsage.Of(0m);
        }

        var (served, billed) = (plan.Period.Served, plan.Period.Billed);
        var filters = plan.RateCard.MeterFilters;
        var toEnd = QueryOf(meter, context.SubjectKeys, new ServicePeriod(served.Start, billed.End), watermark) with { TextFilters = filters };
        var toBeginning = plan.Period.OpensPeriod
            ? null
            : QueryOf(meter, context.SubjectKeys, new ServicePeriod(served.Start, billed.Start), plan.PriorWatermark ?? watermark) with
            {
                TextFilters = filters,
            };
        return plan.Price switch
        {
            Price.Dimensional matrix => GroupsOf(
                matrix.Dimensions, await RowsAsync(WithGroups(toBeginning, matrix), cancellationToken),
                await RowsAsync(WithGroups(toEnd, matrix), cancellationToken)),
            Price.Percentage { NeedsEachTransaction: true } or Price.Percentage { FixedAmount: > 0m }
                or Price.Dynamic { MarkupPerTransaction: > 0m } =>
                TransactionsOf(await EachAsync(toBeginning, cancellationToken), await EachAsync(toEnd, cancellationToken)),
            _ => CountOf(await RowsAsync(toBeginning, cancellationToken), await RowsAsync(toEnd, cancellationToken)),
        };
    }

    /// <summary>Events that lack a property and those that have it empty are one group.</summary>
    internal static LineUsage GroupsOf(ImmutableArray<string> dimensions, ImmutableArray<UsageRow> prior, ImmutableArray<UsageRow> rows)
    {
        var groups = prior.Select(row => (Values: ValuesOf(dimensions, row), Prior: row.Value, Cumulative: 0m))
            .Concat(rows.Select(row => (Values: ValuesOf(dimensions, row), Prior: 0m, Cumulative: row.Value)))
            .GroupBy(row => row.Values, new SameValues())
            .Select(group => new UsageGroup(group.Key, new Usage(group.Sum(row => row.Prior), group.Sum(row => row.Cumulative))));
        var (before, all) = (prior.Sum(row => row.Value), rows.Sum(row => row.Value));
        return new LineUsage(all - before, TransactionUsage.None, new GroupedUsage(dimensions, [.. groups])) { Prior = before };
    }

    /// <summary>An amount of zero is no transaction; one below zero has no fee and is told apart.</summary>
    internal static LineUsage TransactionsOf(ImmutableArray<decimal> prior, ImmutableArray<decimal> amounts)
    {
        var takenBack = amounts.Where(amount => amount < 0m).Sum();
        var transactions = TransactionUsage.Each(prior.RemoveAll(amount => amount <= 0m), amounts.RemoveAll(amount => amount <= 0m));
        return new LineUsage(amounts.Sum() - prior.Sum(), transactions, GroupedUsage.None) { Prior = prior.Sum(), TakenBack = takenBack };
    }

    private static LineUsage CountOf(ImmutableArray<UsageRow> prior, ImmutableArray<UsageRow> rows)
    {
        var before = prior.Sum(row => row.Value);
        return LineUsage.Of(rows.Sum(row => row.Value) - before, before);
    }

    private static UsageQuery? WithGroups(UsageQuery? query, Price.Dimensional matrix) =>
        query is null ? null : query with { GroupBy = matrix.Dimensions };

    private async Task<ImmutableArray<UsageRow>> RowsAsync(UsageQuery? query, CancellationToken cancellationToken) =>
        query is null ? [] : await usage.ReadAsync(query, cancellationToken);

    private async Task<ImmutableArray<decimal>> EachAsync(UsageQuery? query, CancellationToken cancellationToken) =>
        query is null ? [] : await usage.ReadEachAsync(query, cancellationToken);

    private static ImmutableArray<string> ValuesOf(ImmutableArray<string> dimensions, UsageRow row) =>
        [.. dimensions.Select(name => row.Dimensions[name] ?? "")];

    private sealed class SameValues : IEqualityComparer<ImmutableArray<string>>
    {
        public bool Equals(ImmutableArray<string> x, ImmutableArray<string> y) => x.SequenceEqual(y);

        public int GetHashCode(ImmutableArray<string> obj) =>
            obj.Aggregate(0, (hash, value) => HashCode.Combine(hash, value.GetHashCode(StringComparison.Ordinal)));
    }
}
