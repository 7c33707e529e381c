namespace Metering.Rating;

/// <summary>Credit that can pay charges.</summary>
/// <param name="Id">Whose it is; the caller's.</param>
/// <param name="Available">How much is left; not negative.</param>
public sealed record CreditBalance(string Id, Money Available);
