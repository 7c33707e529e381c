using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The usage of one combination of dimension values.</summary>
/// <param name="Values">In the order of <see cref="GroupedUsage.Dimensions"/>; an event without the dimension counts under the empty text.</param>
/// <param name="Usage">Counted from the start of the served period.</param>
public sealed record UsageGroup(ImmutableArray<string> Values, Usage Usage);
