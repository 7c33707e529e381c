using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Http;
using Metering.Rating;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>What is granted, as requests say it: OpenMeter's <c>CreateCreditGrantRequest</c>.</summary>
/// <param name="ExpiresAfter">From when it is effective, on the calendar of UTC; never when absent.</param>
/// <param name="Key">At most one grant of a customer has it.</param>
internal sealed record CreditGrantBody(
    string Name,
    [property: JsonPropertyName("funding_method")] string FundingMethod,
    string Currency,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    string? Description = null,
    ImmutableSortedDictionary<string, string>? Labels = null,
    CreditPurchaseBody? Purchase = null,
    [property: JsonPropertyName("tax_config")] CreditTaxView? TaxConfig = null,
    CreditFilters? Filters = null,
    int? Priority = null,
    [property: JsonPropertyName("effective_at")] Instant? EffectiveAt = null,
    [property: JsonPropertyName("expires_after")] string? ExpiresAfter = null,
    string? Key = null)
{
    public const int DefaultPriority = 10;
    private const int MaxPriority = 1_000;
    private const int MaxKeyLength = 256;
    private const int MaxFeatures = 100;

    public FieldErrors Check(TaxCodes taxCodes, ImmutableHashSet<string> knownFeatures)
    {
        var errors = new FieldErrors();
        Texts.Name(Name, "/name", errors);
        Texts.Description(Description, "/description", errors);
        Metadata.Check(Labels, "/labels", errors);
        errors.AddIf(
            FundingMethod is not (CreditGrantRow.None or CreditGrantRow.ByInvoice or CreditGrantRow.External), "/funding_method",
            "unknown_method", "Credit is funded by none, invoice or external.");
        CheckMoney(errors);
        errors.AddIf(Priority is < 1 or > MaxPriority, "/priority", "out_of_range", $"A priority is 1 to {MaxPriority}; the lower, the earlier.");
        errors.AddIf(Key is { Length: 0 or > MaxKeyLength }, "/key", "out_of_range", $"A key has 1 to {MaxKeyLength} characters.");
        errors.AddIf(
            ExpiresAfter is not null && (!IsoPeriod.IsValid(ExpiresAfter) || IsoPeriod.Add(Anchor, ExpiresAfter) <= Anchor), "/expires_after",
            "invalid_duration", IsoPeriod.Expected);
        errors.AddIf(
            TaxConfig?.Behavior is not (null or Taxes.TaxConfig.Inclusive or Taxes.TaxConfig.Exclusive), "/tax_config/behavior",
            "unknown_behavior", "A price is inclusive or exclusive of tax.");
        errors.AddIf(
            TaxConfig?.TaxCode is { } code && taxCodes.Find(code.Id) is null, "/tax_config/tax_code/id", "unknown_tax_code",
            "There is no tax code with this id or key.");
        CheckFeatures(knownFeatures, errors);
        return errors;
    }

    /// <summary>What was said about the tax of its price.</summary>
    [JsonIgnore]
    public TaxConfig? Tax => TaxConfig is null ? null : new TaxConfig(TaxConfig.Behavior, TaxCodeId: TaxConfig.TaxCode?.Id);

    /// <summary>Of what has passed the checks: null for credit that nobody pays for.</summary>
    [JsonIgnore]
    public Money? Price => FundingMethod == CreditGrantRow.None
        ? null
        : new ExactAmount(Amount * (Purchase?.PerUnitCostBasis ?? 1m), Rating.Currency.Parse(Currency)).Round(Rounding.HalfAwayFromZero);

    private static Instant Anchor { get; } = Instant.FromUtc(2024, 1, 1, 0, 0);

    private void CheckMoney(FieldErrors errors)
    {
        if (!Rating.Currency.TryParse(Currency, out var currency))
        {
            errors.Add("/currency", "unknown_currency", "A currency is a code of ISO 4217 in capitals, such as USD.");
            return;
        }

        errors.AddIf(
            Amount <= 0m || Amount > MaxAmount || Amount % currency.MinorUnit != 0m, "/amount", "out_of_range",
            $"Credit is above zero, at most {MaxAmount}, and has at most {currency.MinorUnitDigits} decimals in {currency}.");
        if (Purchase is not { } purchase)
        {
            return;
        }

        errors.AddIf(FundingMethod == CreditGrantRow.None, "/purchase", "not_allowed", "Nobody pays for credit whose funding method is none.");
        errors.AddIf(purchase.Currency != Currency, "/purchase/currency", "other_currency", $"This credit is paid for in {currency}.");
        errors.AddIf(
            purchase.AvailabilityPolicy is not (null or CreditPurchaseBody.OnCreation), "/purchase/availability_policy", "unknown_policy",
            "Credit is available on_creation.");
        var basis = purchase.PerUnitCostBasis ?? 1m;
        errors.AddIf(
            basis is <= 0m or > MaxBasis || (errors.Any is false && Amount * basis < currency.MinorUnit), "/purchase/per_unit_cost_basis",
            "out_of_range", $"A cost basis is above zero, at most {MaxBasis}, and leaves a price; for credit that costs nothing the method is none.");
    }

    private void CheckFeatures(ImmutableHashSet<string> known, FieldErrors errors)
    {
        var features = Filters?.Features ?? [];
        errors.AddIf(features.Length > MaxFeatures, "/filters/features", "too_many", $"At most {MaxFeatures} features.");
        foreach (var (i, key) in features.Take(MaxFeatures).Index())
        {
            errors.AddIf(!known.Contains(key), $"/filters/features/{i}", "unknown_feature", "There is no feature with this key.");
        }
    }

    /// <summary>Far above any prepayment, far below what 64 bits of minor units hold.</summary>
    private const decimal MaxAmount = 1_000_000_000m;

    private const decimal MaxBasis = 1_000m;
}

/// <summary>What is paid for the credit.</summary>
internal sealed record CreditPurchaseBody(
    string Currency,
    [property: JsonPropertyName("per_unit_cost_basis"), JsonConverter(typeof(OptionalNumericConverter))] decimal? PerUnitCostBasis = null,
    [property: JsonPropertyName("availability_policy")] string? AvailabilityPolicy = null)
{
    public const string OnCreation = "on_creation";
}
