using System.Collections.Immutable;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Addons;

/// <summary>An add-on as its author writes it: OpenMeter's shape.</summary>
/// <param name="InstanceType"><c>single</c>: a subscription has it or not; <c>multiple</c>: it has a quantity.</param>
internal sealed record AddonBody(
    string Name,
    string Key,
    string InstanceType,
    string Currency,
    ImmutableArray<RateCardBody> RateCards,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Metadata = null)
{
    private const int MaxRateCards = 100;

    /// <summary>As a plan would have its cards, to find the features they name.</summary>
    public PlanBody AsPlan() => StandaloneCards.AsPlan(Cards(), Currency, billingCadence: null);

    /// <summary>Everything that can be wrong with an add-on, found in one pass.</summary>
    /// <param name="features">Those it may name.</param>
    /// <param name="isForSale">A draft may still have what nobody could buy.</param>
    public FieldErrors Check(ImmutableDictionary<string, MeteredFeature> features, bool isForSale)
    {
        var errors = new FieldErrors();
        Texts.Key(Key, "/key", errors);
        Texts.Name(Name, "/name", errors);
        Texts.Description(Description, "/description", errors);
        Wire.Metadata.Check(Metadata, "/metadata", errors);
        errors.AddIf(
            InstanceType is not ("single" or "multiple"), "/instanceType", "unknown_instance_type", "An add-on is had as single or multiple.");
        errors.AddIf(
            !Rating.Currency.TryParse(Currency, out _), "/currency", "unknown_currency",
            "A currency is a code of ISO 4217 in capitals, such as USD.");
        errors.AddIf(Cards().Length is 0 or > MaxRateCards, "/rateCards", "out_of_range", $"An add-on has 1 to {MaxRateCards} rate cards.");
        errors.AddRange(StandaloneCards.Check(
            [.. Cards().Take(MaxRateCards)], Currency, billingCadence: null, features, isForSale, i => i < 0 ? "/rateCards" : $"/rateCards/{i}"));
        foreach (var (i, card) in Cards().Take(MaxRateCards).Index())
        {
            errors.AddIf(
                isForSale && InstanceType == "multiple" && card is { Price: { Type: not "flat" } }, $"/rateCards/{i}/price/type", "not_allowed",
                "Only fees can be had more than once; usage is priced once however many are had.");
        }

        return errors;
    }

    private ImmutableArray<RateCardBody> Cards() => RateCards.IsDefault ? [] : RateCards;
}
