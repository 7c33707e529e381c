using System.Collections.Immutable;
using Metering.Invoicing.Taxes;
using Metering.Rating;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>A line of a request after it was checked.</summary>
/// <param name="Meter">What counts the usage; null for a fee.</param>
internal sealed record WrittenLine(
    LineBody Body, ServicePeriod Period, Price Price, RateCardTerms Terms, string? DisplayUnit, string? FeatureKey, FeatureMeter? Meter,
    TaxConfig? TaxConfig)
{
    public string Name => Body.Name;

    public Instant InvoiceAt => Body.InvoiceAt;

    public bool NeedsUsage => Price is not Price.Flat;

    public ImmutableSortedDictionary<string, string> Metadata => Body.Metadata ?? ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The price and its terms in one text: equal when they are.</summary>
    public string TermsJson => PriceTerms.DocumentOf(Price, Terms, DisplayUnit).ToJsonString();
}
