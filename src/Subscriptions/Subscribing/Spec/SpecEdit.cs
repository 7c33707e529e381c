using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>Customisations that were decided together and take effect together.</summary>
/// <param name="DecidedAt">When they were asked for. Phases that had started by then stay where they are.</param>
/// <param name="At">When items change: then or later.</param>
/// <param name="Zone">The customer's zone at the time, in which durations are counted: a later move changes no past decision.</param>
internal sealed record SpecEdit(Instant DecidedAt, Instant At, string Zone, ImmutableArray<SpecChange> Changes);
