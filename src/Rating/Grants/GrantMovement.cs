using NodaTime;

namespace Metering.Rating;

/// <summary>One change of a grant's balance at an instant.</summary>
/// <param name="At">When.</param>
/// <param name="GrantId">Which grant.</param>
/// <param name="Kind">Why; it also says whether the amount was added or taken.</param>
/// <param name="Amount">How much, always above zero.</param>
public readonly record struct GrantMovement(Instant At, string GrantId, GrantMovementKind Kind, decimal Amount);
