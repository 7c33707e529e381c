using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Rates;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>What one request has taken of limits that can be given back at once.</summary>
/// <param name="Sharing">By how many sidecars the rates were shared when they were taken.</param>
internal readonly record struct Held(FeatureGate Feature, UInt128 ReservationId, long Units, int Sharing, RateState Rate, SlotState Slots)
{
    /// <summary>The request was denied after all: it burns nothing.</summary>
    public void GiveBack()
    {
        foreach (var limiter in Feature.Limiters)
        {
            limiter.GiveBack(Units, Sharing);
        }

        Feature.Slots?.Release(ReservationId);
    }
}
