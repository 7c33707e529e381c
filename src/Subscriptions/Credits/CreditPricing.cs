using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Credits;

/// <summary>What use of a prepaid feature costs a customer, and in which period it will be billed.</summary>
/// <param name="Period">Of the rate card's cadence.</param>
internal sealed record CreditPricing(Currency Currency, ServicePeriod Period, Price Price, RateCardTerms Terms)
{
    /// <summary>Nearly no entitlement is: the text tells that without being read.</summary>
    public static bool IsPrepaid(EntitlementRow entitlement) => entitlement.RequestLimits.Contains("\"prepaid\"", StringComparison.Ordinal)
        && Metadata.FromJson<RequestLimitsBody>(entitlement.RequestLimits).Prepaid == true;

    /// <summary>Use of a feature has one price at a time. Null when nothing prices it now.</summary>
    public static CreditPricing? Find(ImmutableArray<BillableSubscription> subscriptions, string featureKey, Instant now)
    {
        foreach (var subscription in subscriptions.Where(one => one.ActiveFrom <= now && !(one.ActiveTo <= now)))
        {
            var card = subscription.Phases
                .Where(phase => phase.From <= now && !(phase.To <= now))
                .SelectMany(phase => phase.RateCards)
                .FirstOrDefault(card => card.FeatureKey == featureKey && card is { MeterSlug: not null, Price: not null, BillingCadence: not null }
                    && !(card.From > now) && !(card.To <= now));
            if (card is not null)
            {
                var period = subscription.CalendarOf(card.BillingCadence!).PeriodContaining(now);
                return new CreditPricing(subscription.Currency, period, card.Price!, card.Terms);
            }
        }

        return null;
    }

    /// <summary>
    /// Null when what a request costs depends on more than its units, so that no bound of it is known. Discounts only make it cheaper.
    /// </summary>
    public CreditPrice? ToWire() => this is { Terms: { Conversion: null, MinimumAmount: null } }
        ? Price switch
        {
            Price.PerUnit unit => new CreditPrice(CreditPrice.Unit, unit.Amount, []),
            Price.Graduated graduated => new CreditPrice(CreditPrice.Graduated, null, Tiers(graduated.Tiers)),
            Price.Volume volume when IsFalling(volume.Tiers) => new CreditPrice(CreditPrice.Volume, null, Tiers(volume.Tiers)),
            _ => null,
        }
        : null;

    /// <summary>Where a later tier is dearer, one more unit makes all earlier ones dearer: no request has a highest price then.</summary>
    private static bool IsFalling(ImmutableArray<PriceTier> tiers) =>
        tiers.Zip(tiers.Skip(1)).All(pair => pair.Second.UnitAmount <= pair.First.UnitAmount);

    private static ImmutableArray<CreditTier> Tiers(ImmutableArray<PriceTier> tiers) =>
        [.. tiers.Select(tier => new CreditTier(tier.UpTo, tier.FlatAmount, tier.UnitAmount))];

    /// <summary>For the snapshot: entitlement → terms, for those that are prepaid.</summary>
    public static async Task<Dictionary<Guid, CreditTerms>> TermsOfAsync(
        DbSession session, IReadOnlyList<EntitlementRow> entitlements, Instant now, CancellationToken cancellationToken)
    {
        var terms = new Dictionary<Guid, CreditTerms>();
        foreach (var customer in entitlements.Where(IsPrepaid).GroupBy(one => one.CustomerId))
        {
            var subscriptions = await SubscriptionReader.OfCustomerAsync(session, customer.Key, cancellationToken);
            var balances = (await session.QueryAsync<(string Currency, long Balance)>(BalancesSql, new { customer.Key }, cancellationToken))
                .ToDictionary(row => row.Currency, row => row.Balance, StringComparer.Ordinal);
            foreach (var one in customer)
            {
                var pricing = Find(subscriptions, one.FeatureKey, Instant.Max(now, one.ActiveFrom));
                var currency = pricing?.Currency.Code ?? "";
                terms.Add(one.Id, new CreditTerms(CreditIds.TextOf(one.Id), currency, balances.GetValueOrDefault(currency), pricing?.ToWire()));
            }
        }

        return terms;
    }

    private const string BalancesSql = "select currency, balance from subscriptions.credit_account where customer_id = @Key";
}
