using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary>Reads what plans cost now, whatever older subscriptions still pay.</summary>
public sealed class PriceListReader(MeteringDatabase database)
{
    /// <summary>A rate card of the version of a plan that is in force; null when there is none, or it costs nothing.</summary>
    public async Task<ListedPrice?> FindAsync(string planKey, string phaseKey, string rateCardKey, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await PlanRow.FindAsync(session, planKey, now, cancellationToken) is not { } plan || !plan.IsActiveAt(now))
        {
            return null;
        }

        var card = plan.PhaseBodies().FirstOrDefault(phase => phase.Key == phaseKey)?.RateCards.FirstOrDefault(one => one.Key == rateCardKey);
        return card is not null && PriceTerms.PriceOf(card) is { } price
            ? new ListedPrice(plan.Version, Currency.Parse(plan.Currency), price, PriceTerms.TermsOf(card))
            : null;
    }
}
