namespace Metering.Contracts.Sidecar;

/// <summary>What units within a tier cost.</summary>
/// <param name="UpTo">Inclusive; null when it is open.</param>
public sealed record CreditTier(decimal? UpTo, decimal FlatAmount, decimal UnitAmount);
