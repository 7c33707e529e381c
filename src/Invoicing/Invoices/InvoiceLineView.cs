using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>A line in OpenMeter's shape; <see cref="Explanation"/> is ours.</summary>
internal sealed record InvoiceLineView(
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
    string? FeatureKey,
    RateCardView RateCard,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? Quantity,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? MeteredQuantity,
    TotalsView Totals,
    LineExplanation Explanation,
    ImmutableArray<DetailedLineView> Children)
{
    public static InvoiceLineView Of(Invoice invoice, InvoiceLine line) => new(
        PublicId.Format(line.Id), "usage_based", line.Name, "subscription", "valid", invoice.Currency.Code, PeriodView.Of(line.Period),
        line.InvoiceAt, invoice.IssuedAt, invoice.IssuedAt, line.FeatureKey,
        new RateCardView(line.FeatureKey, JsonSerializer.Deserialize<JsonElement>(line.PriceJson)),
        line.Metered?.Billed, line.Metered?.Metered, TotalsView.Of(line), LineExplanation.Of(invoice, line),
        [.. line.Charges.Select(charge => DetailedLineView.Of(invoice, line, charge))]);
}

internal sealed record RateCardView(string? FeatureKey, JsonElement Price);

/// <summary>Everything that is needed to compute the line again, and to find the events behind it.</summary>
internal sealed record LineExplanation(
    string PlanKey, int PlanVersion, string PhaseKey, string RateCardKey, string? MeterSlug, ImmutableArray<string> Subjects, long? Watermark)
{
    public static LineExplanation Of(Invoice invoice, InvoiceLine line) => new(
        invoice.Plan.Key, invoice.Plan.Version, line.PhaseKey, line.RateCardKey, line.MeterSlug, line.Subjects, line.Metered?.Watermark);
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
    public static DetailedLineView Of(Invoice invoice, InvoiceLine line, LineCharge charge) => new(
        $"{PublicId.Format(line.Id)}-{charge.Reference}", "flat_fee", charge.Name, "system", "valid", invoice.Currency.Code,
        PeriodView.Of(line.Period), line.InvoiceAt, invoice.IssuedAt, invoice.IssuedAt, charge.IsCommitment ? "commitment" : "regular",
        charge.Reference, charge.Rule, charge.Group, charge.Tier, charge.Quantity, charge.UnitPrice, charge.ExactAmount, TotalsView.Of(charge));
}
