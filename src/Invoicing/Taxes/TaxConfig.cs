using System.Text.Json.Serialization;
using Metering.Subscriptions.Plans;

namespace Metering.Invoicing.Taxes;

/// <summary>What is said about the tax of a line or of a whole profile; what is left out is taken from the profile.</summary>
/// <param name="Behavior"><c>inclusive</c>: prices hold their tax; <c>exclusive</c>: it is added.</param>
/// <param name="Stripe">Its code names a tax code by its key, as <paramref name="CustomInvoicing"/>'s does.</param>
/// <param name="TaxCodeId">Goes before both.</param>
public sealed record TaxConfig(
    string? Behavior = null, TaxConfig.ByCode? Stripe = null, TaxConfig.ByCode? CustomInvoicing = null, string? TaxCodeId = null)
{
    public const string Inclusive = "inclusive";
    public const string Exclusive = "exclusive";

    /// <summary>The id or key of the tax code; null when none is named.</summary>
    [JsonIgnore]
    public string? Reference => TaxCodeId ?? CustomInvoicing?.Code ?? Stripe?.Code;

    /// <summary>What a plan says.</summary>
    internal static TaxConfig? Of(RateCardTax? tax) => tax is null ? null : new TaxConfig(
        tax.Behavior, CodeOf(tax.StripeCode), CodeOf(tax.CustomInvoicingCode), tax.TaxCodeId);

    /// <summary>This, completed by what the profile says.</summary>
    public static TaxConfig? Merge(TaxConfig? own, TaxConfig? profile) =>
        own is null ? profile
        : profile is null ? own
        : own.Reference is null ? profile with { Behavior = own.Behavior ?? profile.Behavior }
        : own with { Behavior = own.Behavior ?? profile.Behavior };

    private static ByCode? CodeOf(string? code) => code is null ? null : new ByCode(code);

    /// <summary>A tax code named by its key.</summary>
    public sealed record ByCode(string Code);
}
