using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Rates;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>What one request has taken of limits that can be given back at once.</summary>
/// <param name="Seen">What <see cref="RateLimiter.ChangesOf"/> said before anything was taken.</param>
internal readonly record struct Held(FeatureGate Feature, UInt128 ReservationId, long Units, long Seen, RateState Rate, SlotState Slots)
{
    /// <summary>Rates are of requests. A call of a model is one, however many tokens are reserved for it.</summary>
    public static long RatedUnits(FeatureGate feature, long units) => feature.Reservation is null ? units : 1;

    /// <summary>The request was denied after all: it burns nothing.</summary>
    public void GiveBack()
    {
        RateLimiter.GiveBack(Feature.Limiters, Feature.Limiters.Length, RatedUnits(Feature, Units), Seen);
        Feature.Slots?.Release(ReservationId);
    }
}
