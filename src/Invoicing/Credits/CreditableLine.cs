using Metering.Rating;

namespace Metering.Invoicing.Credits;

/// <summary>A line that credit may pay, before tax.</summary>
internal sealed record CreditableLine(Guid Id, string? FeatureKey, Money Amount);
