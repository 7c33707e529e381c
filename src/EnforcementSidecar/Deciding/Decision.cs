using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using NodaTime;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>What was decided and why; a value, so that deciding leaves nothing behind for the garbage collector.</summary>
/// <param name="Customer">Null until identified.</param>
/// <param name="Feature">Null unless the customer has it.</param>
/// <param name="At">Product time of the check.</param>
/// <param name="ReservationId">Made when allowed.</param>
/// <param name="Rate">Of the limit that denied, or of the tightest.</param>
internal readonly record struct Decision(
    DecisionOutcome Outcome,
    CustomerEntry? Customer,
    FeatureGate? Feature,
    long Units,
    Instant At,
    UInt128 ReservationId,
    RateState Rate,
    QuotaState Quota)
{
    public bool IsAllowed => Outcome == DecisionOutcome.Allowed;

    /// <summary>A denial that would be decided the same way if asked again at once. A slot may be free at any moment.</summary>
    public bool IsLimitDenial => Outcome is DecisionOutcome.RateLimited or DecisionOutcome.QuotaExhausted or DecisionOutcome.CreditExhausted;

    public SlotState Slots { get; init; }

    /// <summary>Of prepaid credit, in billionths; not known where the feature is not paid for by it.</summary>
    public QuotaState Credit { get; init; }

    /// <summary>Only when it denied.</summary>
    public RequestSize Size { get; init; }
}
