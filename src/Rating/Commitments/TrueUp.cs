namespace Metering.Rating;

/// <summary>How a commitment was met.</summary>
/// <param name="Name">For people: <c>Minimum spend for 25 of 28 days</c>.</param>
/// <param name="Committed">What was agreed for the served part of the period.</param>
/// <param name="Counted">What was charged for it.</param>
/// <param name="Missing">What is still to be paid: never negative, and zero while the period is not closed.</param>
public sealed record TrueUp(string Name, Money Committed, Money Counted, Money Missing);
