namespace Metering.Rating;

/// <summary>An amount that may count towards a commitment.</summary>
/// <param name="Amount">What was charged, before credits and taxes.</param>
/// <param name="Period">The service period it is for: a fee in advance is for the period that it opens, not for the one in which it is
/// billed.</param>
public sealed record CountedAmount(Money Amount, ServicePeriod Period);
