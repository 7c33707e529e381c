using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Portal.Pages;

/// <summary>Gathers what the first page shows about one customer, and nobody else.</summary>
internal sealed class OverviewReader(UpcomingReader upcoming, AccessReader access, UsageReader usage, MeterCatalog meters)
{
    /// <summary>A month of days, whenever the period began: the first days of a period alone show nothing.</summary>
    private const int Days = 31;
    private const int MaxCharts = 6;

    public async Task<Overview> ReadAsync(CustomerAccount customer, Instant now, CancellationToken cancellationToken)
    {
        var costs = await upcoming.OfCustomerAsync(customer, now, cancellationToken);
        var today = now.InZone(customer.Zone).Date;
        var firstDay = today.PlusDays(1 - Days);
        var series = ImmutableArray.CreateBuilder<UsageSeries>();
        foreach (var slug in MetersOf(costs, now).Take(MaxCharts))
        {
            if (await meters.FindAsync(slug, cancellationToken) is { } meter)
            {
                series.Add(await SeriesAsync(meter, customer, firstDay, today, cancellationToken));
            }
        }

        var granted = await access.OfCustomerAsync(customer, now, cancellationToken);
        var limits = granted.Select(one => LimitOf(one, NameOf(one, costs, now)));
        return new Overview(customer.Name, customer.Zone, costs, [.. limits], series.ToImmutable());
    }

    private static AccountLimit LimitOf(GrantedAccess granted, string name) => new(
        name, granted.HasAccess,
        granted.IsMetered ? new MeteredLimit(granted.Used ?? 0m, granted.Allowance, granted.ResetsAt, granted.IsSoft) : null);

    private async Task<UsageSeries> SeriesAsync(
        Meter meter, CustomerAccount customer, LocalDate firstDay, LocalDate today, CancellationToken cancellationToken)
    {
        var byDay = new Dictionary<LocalDate, decimal>();

        // No subject in a query means everybody; a customer without subjects has no usage.
        if (!customer.SubjectKeys.IsEmpty)
        {
            var query = new UsageQuery(
                meter.Slug, customer.Zone.AtStartOfDay(firstDay).ToInstant(), customer.Zone.AtStartOfDay(today.PlusDays(1)).ToInstant())
            {
                Window = UsageWindow.Day,
                Zone = customer.Zone,
                Subjects = customer.SubjectKeys,
            };
            foreach (var row in await usage.ReadAsync(query, cancellationToken))
            {
                byDay[row.Start.InZone(customer.Zone).Date] = row.Value;
            }
        }

        var days = ImmutableArray.CreateBuilder<UsageDay>();
        for (var day = firstDay; day <= today; day = day.PlusDays(1))
        {
            days.Add(new UsageDay(day, byDay.GetValueOrDefault(day)));
        }

        return new UsageSeries(meter.Slug, meter.Name ?? meter.Slug, days.ToImmutable());
    }

    /// <summary>Everything the running phases meter, whether it costs something or not, in the order of the plan.</summary>
    private static IEnumerable<string> MetersOf(ImmutableArray<UpcomingCost> costs, Instant now) =>
        RunningRateCards(costs, now).Select(rateCard => rateCard.MeterSlug).OfType<string>().Distinct();

    private static string NameOf(GrantedAccess granted, ImmutableArray<UpcomingCost> costs, Instant now) =>
        RunningRateCards(costs, now).FirstOrDefault(rateCard => rateCard.FeatureKey == granted.FeatureKey)?.Name ?? granted.FeatureName;

    private static IEnumerable<BillableRateCard> RunningRateCards(ImmutableArray<UpcomingCost> costs, Instant now) =>
        costs.SelectMany(cost => cost.Subscription.Phases)
            .Where(phase => phase.From <= now && (phase.To is not { } end || now < end))
            .SelectMany(phase => phase.RateCards);
}
