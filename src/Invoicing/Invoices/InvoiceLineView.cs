using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Taxes;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>A line in OpenMeter's shape; <see cref="Explanation"/> is ours.</summary>
internal sealed record InvoiceLineView(
    string Id,
    string Type,
    string Name,
    string? Description,
    ImmutableSortedDictionary<string, string>? Metadata,
    string ManagedBy,
    string Status,
    string Currency,
    InvoiceReferenceView Invoice,
    PeriodView Period,
    Instant InvoiceAt,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt,
    string? FeatureKey,
    LineSubscriptionView? Subscription,
    RateCardView RateCard,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? Quantity,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? MeteredQuantity,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? PreLinePeriodQuantity,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? MeteredPreLinePeriodQuantity,
    LineDiscountsView? Discounts,
    ImmutableArray<CreditAllocation>? CreditAllocations,
    ImmutableArray<LineTaxView>? Taxes,
    TotalsView Totals,
    LineExplanation? Explanation,
    string? Replaces,
    ImmutableArray<DetailedLineView> Children)
{
    public static InvoiceLineView Of(Invoice invoice, InvoiceLine line) => new(
        PublicId.Format(line.Id), "usage_based", line.Name, line.Description, line.Metadata.IsEmpty ? null : line.Metadata, line.ManagedBy, "valid",
        invoice.Currency.Code, new InvoiceReferenceView(PublicId.Format(invoice.Id), invoice.Number), PeriodView.Of(line.Period), line.InvoiceAt,
        line.CreatedAt, line.UpdatedAt, line.DeletedAt, line.FeatureKey, LineSubscriptionView.Of(line), RateCardView.Of(line), line.Metered?.Billed,
        line.Metered?.Metered, line.Prior?.Billed, line.Prior?.Metered, LineDiscountsView.Of(line),
        line.CreditAllocations.IsEmpty ? null : line.CreditAllocations,
        line.Tax is { } tax ? [LineTaxView.Of(tax)] : null, TotalsView.Of(line), LineExplanation.Of(line),
        line.Replaces is { } replaced ? PublicId.Format(replaced) : null,
        [.. line.Charges.Select(charge => DetailedLineView.Of(invoice, line, charge))]);
}

internal sealed record InvoiceReferenceView(string Id, string Number);

/// <summary>Which item of which phase of which subscription the line bills.</summary>
/// <param name="BillingPeriod">The subscription's, whatever the item's own cadence.</param>
internal sealed record LineSubscriptionView(ReferenceView Subscription, ReferenceView Phase, ReferenceView Item, PeriodView BillingPeriod)
{
    public static LineSubscriptionView? Of(InvoiceLine line) => line is { SubscriptionId: { } subscription, Item: { } sold }
        ? new LineSubscriptionView(
            ReferenceView.Of(subscription), ReferenceView.Of(sold.PhaseId), ReferenceView.Of(sold.ItemId),
            new PeriodView(sold.BillingFrom, sold.BillingTo))
        : null;
}

internal sealed record ReferenceView(string Id)
{
    public static ReferenceView Of(Guid id) => new(PublicId.Format(id));
}

/// <param name="Config">Names the tax code.</param>
internal sealed record LineTaxView(
    TaxConfig Config, decimal Percent, string Behavior, [property: JsonConverter(typeof(NumericConverter))] decimal Amount)
{
    public static LineTaxView Of(LineTax tax) => new(new TaxConfig(tax.Behavior, TaxCodeId: tax.CodeId), tax.Percent, tax.Behavior, tax.Amount);
}

/// <summary>What the line costs by: the price in the fields of plan documents, and what stands around it.</summary>
internal sealed record RateCardView(string? FeatureKey, JsonElement Price, JsonElement? Discounts, JsonElement? UnitConfig, TaxConfig? TaxConfig)
{
    public static RateCardView Of(InvoiceLine line)
    {
        var price = JsonNode.Parse(line.PriceJson)!.AsObject();
        price.Remove("discounts", out var discounts);
        price.Remove("unitConfig", out var unitConfig);
        price.Remove("supplementedBy");
        price.Remove("commitment");
        return new RateCardView(line.FeatureKey, ElementOf(price)!.Value, ElementOf(discounts), ElementOf(unitConfig), line.TaxConfig);
    }

    internal static JsonElement? ElementOf(JsonNode? node) => node?.Deserialize<JsonElement>();
}

/// <summary>Everything that is needed to compute the line again, and to find the events behind it.</summary>
/// <param name="SupplementedBy">The version of the plan that priced what this one does not.</param>
/// <param name="Commitment">What was agreed and what was charged, on a line that makes up the difference.</param>
internal sealed record LineExplanation(
    string? PlanKey, int? PlanVersion, string? PhaseKey, string? RateCardKey, string? SubscriptionId, string? MeterSlug,
    ImmutableArray<string> Subjects, long? Watermark, JsonElement? SupplementedBy, JsonElement? Commitment)
{
    public static LineExplanation Of(InvoiceLine line)
    {
        var price = JsonNode.Parse(line.PriceJson)!;
        var isOfPlan = line.PhaseKey.Length > 0;
        return new LineExplanation(
            line.Plan?.Key, line.Plan?.Version, isOfPlan ? line.PhaseKey : null, isOfPlan ? line.RateCardKey : null,
            line.SubscriptionId is { } id ? PublicId.Format(id) : null, line.MeterSlug, line.Subjects, line.Metered?.Watermark,
            RateCardView.ElementOf(price["supplementedBy"]), RateCardView.ElementOf(price["commitment"]));
    }
}

/// <summary>One charge of a line: a tier, a fee, a discount, a minimum.</summary>
/// <param name="Reference">Names the charge within its line, the same for every recalculation.</param>
/// <param name="Group">Which dimension values it is about, for a dimensional price.</param>
/// <param name="ExactAmount">Quantity times price before it was rounded to the total.</param>
internal sealed record DetailedLineView(
    string Id,
    string Type,
    string Name,
    string ManagedBy,
    string Status,
    string Currency,
    PeriodView Period,
    Instant InvoiceAt,
    Instant CreatedAt,
    Instant UpdatedAt,
    string Category,
    string Reference,
    string Rule,
    string? Group,
    ChargeTier? Tier,
    [property: JsonConverter(typeof(NumericConverter))] decimal Quantity,
    [property: JsonConverter(typeof(ExactNumberConverter))] decimal PerUnitAmount,
    [property: JsonConverter(typeof(ExactNumberConverter))] decimal ExactAmount,
    TotalsView Totals)
{
    private const int MaxNameLength = 256;

    public static DetailedLineView Of(Invoice invoice, InvoiceLine line, LineCharge charge) => new(
        PublicId.Format(LineReference.Of(line.Id, charge.Reference)), "flat_fee",
        charge.Name.Length > MaxNameLength ? charge.Name[..MaxNameLength] : charge.Name, "system", "valid", invoice.Currency.Code,
        PeriodView.Of(line.Period), line.InvoiceAt, line.CreatedAt, line.UpdatedAt, charge.IsCommitment ? "commitment" : "regular",
        charge.Reference, charge.Rule, charge.Group, charge.Tier, charge.Quantity, charge.UnitPrice, charge.ExactAmount, TotalsView.Of(charge));
}
