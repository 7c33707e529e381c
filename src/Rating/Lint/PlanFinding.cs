namespace Metering.Rating;

/// <summary>One thing about a plan that its author should look at.</summary>
/// <param name="Code">What kind of thing.</param>
/// <param name="Severity">Whether the plan can be sold like that.</param>
/// <param name="Pointer">JSON pointer into the plan: <c>/rateCards/0/price/tiers/1/upTo</c>.</param>
/// <param name="Message">A sentence for the author, with the figures.</param>
public sealed record PlanFinding(PlanFindingCode Code, FindingSeverity Severity, string Pointer, string Message);
