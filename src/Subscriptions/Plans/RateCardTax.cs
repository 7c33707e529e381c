namespace Metering.Subscriptions.Plans;

/// <summary>What a rate card says about its tax; nothing of it need be said.</summary>
public sealed record RateCardTax(string? Behavior, string? TaxCodeId, string? CustomInvoicingCode, string? StripeCode);
