using System.Text.Json.Serialization;

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

    /// <summary>This, completed by what the profile says.</summary>
    public static TaxConfig? Merge(TaxConfig? own, TaxConfig? profile) =>
        own is null ? profile
        : profile is null ? own
        : own.Reference is null ? profile with { Behavior = own.Behavior ?? profile.Behavior }
        : own with { Behavior = own.Behavior ?? profile.Behavior };

    /// <summary>A tax code named by its key.</summary>
    public sealed record ByCode(string Code);
}
