using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>A grant in OpenMeter's shape; <see cref="Remaining"/> is ours: what is left of it as booked.</summary>
internal sealed record CreditGrantView(
    string Id,
    string Name,
    string? Description,
    ImmutableSortedDictionary<string, string>? Labels,
    [property: JsonPropertyName("created_at")] Instant CreatedAt,
    [property: JsonPropertyName("updated_at")] Instant UpdatedAt,
    [property: JsonPropertyName("funding_method")] string FundingMethod,
    string Currency,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    CreditPurchaseView? Purchase,
    [property: JsonPropertyName("tax_config")] CreditTaxView? TaxConfig,
    CreditInvoiceView? Invoice,
    CreditFilters? Filters,
    int Priority,
    [property: JsonPropertyName("effective_at")] Instant EffectiveAt,
    string? Key,
    [property: JsonPropertyName("expires_at")] Instant? ExpiresAt,
    [property: JsonPropertyName("voided_at")] Instant? VoidedAt,
    string Status,
    [property: JsonConverter(typeof(NumericConverter))] decimal Remaining);

/// <param name="Features">What the credit pays for, by feature key; everything when absent.</param>
internal sealed record CreditFilters(ImmutableArray<string>? Features = null);

internal sealed record CreditPurchaseView(
    string Currency,
    [property: JsonPropertyName("per_unit_cost_basis"), JsonConverter(typeof(NumericConverter))] decimal PerUnitCostBasis,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    [property: JsonPropertyName("availability_policy")] string AvailabilityPolicy,
    [property: JsonPropertyName("settlement_status")] string? SettlementStatus);

internal sealed record CreditTaxView(string? Behavior = null, [property: JsonPropertyName("tax_code")] CreditTaxCode? TaxCode = null);

/// <param name="Id">The id or the key of a tax code.</param>
internal sealed record CreditTaxCode(string Id);

internal sealed record CreditInvoiceView(string Id, CreditInvoiceLineView Line);

internal sealed record CreditInvoiceLineView(string Id);
