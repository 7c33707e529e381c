using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Keeps what has been billed of each service period, in the transaction that bills it.</summary>
internal static class BilledServices
{
    /// <summary>Of the periods that end after an instant or there: a change that takes effect then can still cut them.</summary>
    public static async Task<ImmutableArray<BilledService>> EndingFromAsync(
        DbSession session, Guid subscriptionId, Instant? instant, Currency currency, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<Row>(SelectSql, new { subscriptionId, instant }, cancellationToken);
        return [.. rows.Select(row => row.ToService(currency))];
    }

    public static async Task SaveAsync(
        DbSession session, Guid subscriptionId, ImmutableArray<BilledService> services, CancellationToken cancellationToken)
    {
        foreach (var service in services)
        {
            await session.ExecuteAsync(UpsertSql, ParametersOf(subscriptionId, service), cancellationToken);
        }
    }

    /// <summary>Lines that a person took off a document, changed there, or let go with it.</summary>
    public static async Task ForgiveAsync(DbSession session, IEnumerable<InvoiceLine> lines, CancellationToken cancellationToken)
    {
        foreach (var line in lines.Where(line => line.SubscriptionId is not null))
        {
            var parameters = new
            {
                line.SubscriptionId, line.PhaseKey, line.RateCardKey,
                fullFrom = line.RatedPeriod.Full.Start, servedFrom = line.RatedPeriod.Served.Start,
            };
            await session.ExecuteAsync(ForgiveSql, parameters, cancellationToken);
        }
    }

    private static object ParametersOf(Guid subscriptionId, BilledService service) => new
    {
        subscriptionId, service.ItemId, fullFrom = service.Full.Start, fullTo = service.Full.End, servedFrom = service.Served?.Start,
        servedTo = service.Served?.End, service.IsInAdvance, service.Name, service.PhaseKey, service.RateCardKey, service.FeatureKey,
        price = service.PriceJson, charges = StoredJson.Write(service.Charges), amountMinor = MinorUnits.Of(service.Amount),
    };

    private const string SelectSql = """
        select item_id as itemId, full_from as fullFrom, full_to as fullTo, served_from as servedFrom, served_to as servedTo,
               in_advance as isInAdvance, name, phase_key as phaseKey, rate_card_key as rateCardKey, feature_key as featureKey,
               price::text as price, charges::text as charges, amount_minor as amountMinor, forgiven
        from invoicing.billed_service
        where subscription_id = @subscriptionId and (@instant::timestamptz is null or full_to >= @instant)
        order by full_from, item_id
        """;

    private const string UpsertSql = """
        insert into invoicing.billed_service
            (subscription_id, item_id, full_from, full_to, served_from, served_to, in_advance, name, phase_key, rate_card_key, feature_key,
             price, charges, amount_minor)
        values
            (@subscriptionId, @ItemId, @fullFrom, @fullTo, @servedFrom, @servedTo, @IsInAdvance, @Name, @PhaseKey, @RateCardKey, @FeatureKey,
             @price::jsonb, @charges::jsonb, @amountMinor)
        on conflict (subscription_id, item_id, full_from) do update
        set served_from = excluded.served_from, served_to = excluded.served_to, charges = excluded.charges, amount_minor = excluded.amount_minor
        """;

    private const string ForgiveSql = """
        update invoicing.billed_service
        set forgiven = true
        where subscription_id = @SubscriptionId and phase_key = @PhaseKey and rate_card_key = @RateCardKey and full_from = @fullFrom
          and served_from = @servedFrom
        """;

    private sealed record Row(
        Guid ItemId, Instant FullFrom, Instant FullTo, Instant? ServedFrom, Instant? ServedTo, bool IsInAdvance, string Name, string PhaseKey,
        string RateCardKey, string? FeatureKey, string Price, string Charges, long AmountMinor, bool Forgiven)
    {
        public BilledService ToService(Currency currency) => new(
            ItemId, new ServicePeriod(FullFrom, FullTo), ServedFrom is { } from && ServedTo is { } to ? new ServicePeriod(from, to) : null,
            IsInAdvance, Name, PhaseKey, RateCardKey, FeatureKey, Price, StoredJson.Read<ImmutableArray<LineCharge>>(Charges),
            MinorUnits.ToMoney(AmountMinor, currency))
        {
            IsForgiven = Forgiven,
        };
    }
}
