using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>A plan as somebody wrote it; its figures are within <see cref="RatingBounds"/>.</summary>
/// <param name="Currency">The currency of its amounts.</param>
/// <param name="BillingCadence">How often it is billed.</param>
/// <param name="RateCards">In the order of the document.</param>
public sealed record PlanDraft(Currency Currency, Cadence BillingCadence, ImmutableArray<RateCardDraft> RateCards);
