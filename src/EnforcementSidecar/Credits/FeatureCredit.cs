using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;
using NodaTime;

namespace Metering.EnforcementSidecar.Credits;

/// <summary>A feature that prepaid credit pays for, ready to be decided: what requests cost, and the money that is held for them here.</summary>
internal sealed class FeatureCredit(CreditTerms terms, LeaseBroker broker)
{
    /// <summary>Money does not come back by waiting.</summary>
    private const string NoPeriod = "P0D";

    private readonly RequestPrice? price = RequestPrice.Of(terms.Price);
    private readonly QuotaTerms quota = new(terms.CreditId, LimitClass.Hard, terms.Limit, NoPeriod);
    private LeaseAccount? account;

    public string CreditId => terms.CreditId;

    public string Currency => terms.Currency;

    /// <summary>The credit that is there, in billionths.</summary>
    public long Limit => terms.Limit;

    /// <summary>Whether what was not used can be told in money.</summary>
    public bool CanComeBack => price?.IsLinear == true;

    private LeaseAccount Account => account ??= broker.AccountOf(terms.CreditId);

    public long PriceOf(long units) => price?.HighestOf(units) ?? 0;

    /// <summary>Known from a moment ago: nothing needs to be taken to say so.</summary>
    public bool IsKnownToDeny(long units, Instant now) =>
        price is not null && (price.HighestOf(units) > RequestPrice.Most || Account.IsKnownExhausted(price.HighestOf(units), now));

    public SpendOutcome TrySpend(long units, Instant now)
    {
        if (price is null)
        {
            return SpendOutcome.NeedsUnits;
        }

        var amount = price.HighestOf(units);
        return amount > RequestPrice.Most ? SpendOutcome.Exhausted : Account.TrySpend(amount, quota, now);
    }

    /// <summary>What was spent and is not used after all: another limit denied the request.</summary>
    public void Return(long units, Instant at) => Account.Return(PriceOf(units), quota, at);

    /// <summary>Without a price there is nothing to ask for.</summary>
    public Task<AcquireOutcome> AcquireAsync(long units) => price is null
        ? Task.FromResult(AcquireOutcome.UnknownEntitlement)
        : Account.AcquireAsync(price.HighestOf(units), quota);

    /// <summary>Of all credit; what is left as far as this sidecar can tell.</summary>
    public QuotaState StateAt(Instant now) => Account.StateAt(quota, now) with { Limit = terms.Limit };
}
