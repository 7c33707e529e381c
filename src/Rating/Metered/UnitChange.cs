using NodaTime;

namespace Metering.Rating;

/// <summary>Units that come into force or are given up at an instant.</summary>
/// <param name="At">From when on; cut down to its microsecond.</param>
/// <param name="Units">How many more are in force; negative for fewer.</param>
public sealed record UnitChange(Instant At, decimal Units);
