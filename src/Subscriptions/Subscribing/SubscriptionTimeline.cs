using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// Puts the phases of a plan on the calendar: each starts where the one before it ends, durations are counted in the customer's zone.
/// <code>
/// active from 31 Jan   trial P1M [31 Jan ... 28 Feb)   paid [28 Feb ...
/// </code>
/// </summary>
internal static class SubscriptionTimeline
{
    public static ImmutableArray<PlannedPhase> Of(ImmutableArray<PhaseBody> phases, Instant activeFrom, DateTimeZone zone)
    {
        var planned = ImmutableArray.CreateBuilder<PlannedPhase>(phases.Length);
        var from = activeFrom;
        foreach (var phase in phases)
        {
            Instant? to = phase.Duration is null ? null : new BillingCalendar(Cadence.Parse(phase.Duration), from, zone).Boundary(1);
            planned.Add(new PlannedPhase(phase, from, to));
            from = to ?? from;
        }

        return planned.MoveToImmutable();
    }
}

/// <summary>A phase with its times: [From, To), open when To is null.</summary>
internal sealed record PlannedPhase(PhaseBody Phase, Instant From, Instant? To);
