namespace Metering.Invoicing.Billing;

/// <summary>A service period that was paid in advance and is served for another time than was known then.</summary>
/// <param name="Billed">What was paid.</param>
/// <param name="Now">What is served by what is known now; null when nothing is.</param>
public sealed record PlannedCorrection(BilledService Billed, PlannedLine? Now);
