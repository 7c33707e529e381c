using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Platform.Http;

namespace Metering.Invoicing.Billing;

/// <summary>Usage without a price, as the API shows it.</summary>
/// <param name="Reason">The code: <c>unpriced_usage</c> or <c>negative_transaction</c>.</param>
internal sealed record BlockReasonView(
    string Reason,
    string RateCardKey,
    string Name,
    string? FeatureKey,
    string? MeterSlug,
    PeriodView Period,
    ImmutableSortedDictionary<string, string> Dimensions,
    [property: JsonConverter(typeof(NumericConverter))] decimal Quantity)
{
    public static BlockReasonView Of(BlockReason reason) => new(
        reason.Code, reason.RateCardKey, reason.Name, reason.FeatureKey, reason.MeterSlug, new PeriodView(reason.PeriodFrom, reason.PeriodTo),
        reason.Dimensions, reason.Quantity);
}
