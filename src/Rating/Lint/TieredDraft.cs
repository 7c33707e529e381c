using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The tiers of a price as somebody wrote them.</summary>
/// <param name="IsVolume">Whether all units are priced by the one tier reached; otherwise each by its own.</param>
/// <param name="Tiers">In the order of the document.</param>
public sealed record TieredDraft(bool IsVolume, ImmutableArray<TierDraft> Tiers);
