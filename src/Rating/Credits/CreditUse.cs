namespace Metering.Rating;

/// <summary>A part of a credit that pays a part of an amount owed.</summary>
/// <param name="Owed">The place of the amount in the list of amounts owed, from 0.</param>
/// <param name="CreditId">Which credit.</param>
/// <param name="Amount">How much; above zero.</param>
public sealed record CreditUse(int Owed, string CreditId, Money Amount);
