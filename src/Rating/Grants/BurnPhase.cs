using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>A stretch of time within which the burn order cannot change.</summary>
/// <param name="At">Where it begins.</param>
/// <param name="Events">What happens at its beginning, in order.</param>
/// <param name="Period">The stretch; null for the last instant of the run, at which events happen and no usage is burnt.</param>
internal sealed record BurnPhase(Instant At, ImmutableArray<GrantEvent> Events, ServicePeriod? Period);
