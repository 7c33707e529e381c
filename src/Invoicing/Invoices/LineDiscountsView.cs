using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Billing;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>What was taken off the line, in OpenMeter's shape: amounts, and units that are not billed.</summary>
internal sealed record LineDiscountsView(ImmutableArray<AmountDiscountView>? Amount, ImmutableArray<UsageDiscountView>? Usage)
{
    private const string MaximumSpend = "maximum_spend";

    /// <summary>Null when nothing was.</summary>
    public static LineDiscountsView? Of(InvoiceLine line)
    {
        var terms = line.TermsJson is { } json ? PriceDocument.Read(json).Terms : Rating.RateCardTerms.None;
        ImmutableArray<AmountDiscountView> amounts =
        [
            .. line.Charges.Where(charge => charge.IsDiscount).Select(charge => new AmountDiscountView(
                PublicId.Format(LineReference.Of(line.Id, $"discount {charge.Reference}")), line.CreatedAt, line.UpdatedAt, charge.Name,
                charge.Rule == MaximumSpend
                    ? new DiscountReasonView(MaximumSpend, null, null)
                    : new DiscountReasonView("ratecard_percentage", terms.PercentageDiscount, null),
                -charge.Amount)),
        ];
        var free = line.Metered is { } metered && terms is { UsageDiscount: > 0m, Conversion: null } ? metered.Metered - metered.Billed : 0m;
        ImmutableArray<UsageDiscountView> usage = free <= 0m
            ? []
            :
            [
                new UsageDiscountView(
                    PublicId.Format(LineReference.Of(line.Id, "discount usage")), line.CreatedAt, line.UpdatedAt,
                    new DiscountReasonView("ratecard_usage", null, terms.UsageDiscount), free,
                    line.Prior is { } prior ? prior.Metered - prior.Billed : null),
            ];
        return amounts.IsEmpty && usage.IsEmpty
            ? null
            : new LineDiscountsView(amounts.IsEmpty ? null : amounts, usage.IsEmpty ? null : usage);
    }
}

internal sealed record AmountDiscountView(
    string Id, Instant CreatedAt, Instant UpdatedAt, string Description, DiscountReasonView Reason,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount);

internal sealed record UsageDiscountView(
    string Id, Instant CreatedAt, Instant UpdatedAt, DiscountReasonView Reason,
    [property: JsonConverter(typeof(NumericConverter))] decimal Quantity,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? PreLinePeriodQuantity);

/// <param name="Type"><c>maximum_spend</c>, <c>ratecard_percentage</c> or <c>ratecard_usage</c>.</param>
internal sealed record DiscountReasonView(
    string Type, decimal? Percentage, [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? Quantity);
