namespace Metering.Contracts.Sidecar;

/// <summary>Requests to the feature pass as far as the customer's prepaid credit covers their price.</summary>
/// <param name="CreditId">26-character id; leases of money are asked for under it, in billionths of the currency's major unit.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Limit">The credit that is there, in billionths.</param>
/// <param name="Price">What use of the feature costs; null when nothing that can be told beforehand prices it: then nobody can decide.</param>
public sealed record CreditTerms(string CreditId, string Currency, long Limit, CreditPrice? Price);
