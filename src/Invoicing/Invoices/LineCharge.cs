using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Rating;

namespace Metering.Invoicing.Invoices;

/// <summary>A charge as it was rated, kept with the line for ever: what was counted, at which price, by which rule, how rounded.</summary>
/// <param name="Reference">Names the charge within its line, such as <c>graduated-tier-2-unit</c>.</param>
/// <param name="ExactAmount">Before rounding.</param>
/// <param name="Amount">In whole minor units.</param>
/// <param name="Group">Which dimension values it is about; null outside dimensional prices.</param>
public sealed record LineCharge(
    string Reference,
    string Name,
    string Rule,
    string Kind,
    ChargeTier? Tier,
    [property: JsonConverter(typeof(NumericConverter))] decimal Quantity,
    [property: JsonConverter(typeof(ExactNumberConverter))] decimal UnitPrice,
    [property: JsonConverter(typeof(ExactNumberConverter))] decimal ExactAmount,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    string? Group = null)
{
    /// <summary>What a period is short of the plan's commitment.</summary>
    internal static LineCharge TrueUp(string name, Money missing) => new(
        "commitment-true-up", name, "commitment_true_up", KindName(ChargeKind.Commitment), null, 1m, missing.Amount, missing.Amount, missing.Amount);

    public static LineCharge Of(Charge charge) => new(
        charge.ChildReference,
        charge.Name,
        RuleName(charge.Rule),
        KindName(charge.Kind),
        charge.Tier is { } tier ? new ChargeTier(tier.Number, tier.From, tier.UpTo) : null,
        charge.Quantity,
        charge.UnitPrice,
        charge.Exact.Amount,
        charge.Amount.Amount,
        charge.Group);

    [JsonIgnore]
    public bool IsDiscount => Kind == KindName(ChargeKind.Discount);

    [JsonIgnore]
    public bool IsCommitment => Kind == KindName(ChargeKind.Commitment);

    /// <summary>Whether it is an amount and not a quantity of anything.</summary>
    [JsonIgnore]
    public bool IsOneAmount => IsDiscount || IsCommitment
        || Rule == RuleName(ChargeRule.TransactionMinimum) || Rule == RuleName(ChargeRule.TransactionMaximum);

    private static string RuleName(ChargeRule rule) => rule switch
    {
        ChargeRule.FlatFee => "flat_fee",
        ChargeRule.PerUnit => "per_unit",
        ChargeRule.Package => "package",
        ChargeRule.GraduatedTierUnit => "graduated_tier_unit",
        ChargeRule.GraduatedTierFlat => "graduated_tier_flat",
        ChargeRule.VolumeTierUnit => "volume_tier_unit",
        ChargeRule.VolumeTierFlat => "volume_tier_flat",
        ChargeRule.PercentageDiscount => "percentage_discount",
        ChargeRule.MaximumSpend => "maximum_spend",
        ChargeRule.MinimumSpend => "minimum_spend",
        ChargeRule.IncludedUsage => "included_usage",
        ChargeRule.PercentageOfAmount => "percentage_of_amount",
        ChargeRule.FreeAmount => "free_amount",
        ChargeRule.TransactionFee => "transaction_fee",
        ChargeRule.TransactionMinimum => "transaction_minimum",
        ChargeRule.TransactionMaximum => "transaction_maximum",
        ChargeRule.GraduatedPercentageRate => "graduated_percentage_rate",
        ChargeRule.GraduatedPercentageFlat => "graduated_percentage_flat",
        ChargeRule.CostMultiple => "cost_multiple",
        ChargeRule.CostMarkup => "cost_markup",
    };

    private static string KindName(ChargeKind kind) => kind switch
    {
        ChargeKind.Usage => "usage",
        ChargeKind.Fee => "fee",
        ChargeKind.Discount => "discount",
        ChargeKind.Commitment => "commitment",
    };
}
