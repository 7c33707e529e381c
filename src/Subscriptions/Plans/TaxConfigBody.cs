using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>
/// What a rate card says about tax, in OpenMeter's words. Which tax codes there are billing knows; the profile completes what is left out.
/// </summary>
/// <param name="Behavior"><c>inclusive</c>: the price holds its tax; <c>exclusive</c>: it is added.</param>
/// <param name="Stripe">Its code names a tax code by its key.</param>
/// <param name="CustomInvoicing">Its code names a tax code by its key.</param>
/// <param name="TaxCodeId">Goes before both.</param>
internal sealed record TaxConfigBody(
    string? Behavior = null, TaxCodeReference? Stripe = null, TaxCodeReference? CustomInvoicing = null, string? TaxCodeId = null)
{
    private const int MaxCodeLength = 256;

    public void Check(string at, FieldErrors errors)
    {
        errors.AddIf(
            Behavior is not (null or "inclusive" or "exclusive"), $"{at}/behavior", "unknown_behavior", "A price is inclusive or exclusive of tax.");
        errors.AddIf(TaxCodeId is not null && !PublicId.TryParse(TaxCodeId, out _), $"{at}/taxCodeId", "invalid_id", "An id has 26 characters.");
        foreach (var (field, reference) in new[] { ("stripe", Stripe), ("customInvoicing", CustomInvoicing) })
        {
            errors.AddIf(
                reference?.Code.Length is 0 or > MaxCodeLength, $"{at}/{field}/code", "out_of_range", $"A code has 1 to {MaxCodeLength} characters.");
        }
    }

    public RateCardTax ToTax() => new(Behavior, TaxCodeId, CustomInvoicing?.Code, Stripe?.Code);
}

internal sealed record TaxCodeReference(string Code);
