using Metering.Rating;

namespace Metering.Subscriptions.Plans;

/// <summary>What a rate card of a published version of a plan costs.</summary>
public sealed record ListedPrice(int PlanVersion, Currency Currency, Price Price, RateCardTerms Terms);
