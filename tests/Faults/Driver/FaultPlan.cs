using System.Collections.Immutable;
using Metering.Testing;

namespace Metering.Faults.Driver;

/// <summary>Which fault comes after how many accepted batches, from a seed alone. Every kind comes at least once.</summary>
internal static class FaultPlan
{
    private static readonly ImmutableArray<Fault> WithoutBroker =
        [Fault.HostKilled, Fault.HostKilled, Fault.PostgresKilled, Fault.CommitCut, Fault.CommitCut];

    public static ImmutableArray<(int AfterBatches, Fault Fault)> Of(int seed, int batches, bool withBroker)
    {
        var random = new SplitMix(~(ulong)seed);
        List<Fault> faults = [.. WithoutBroker];
        if (withBroker)
        {
            faults.Add(random.Below(2) == 0 ? Fault.BrokerKilled : Fault.BrokerRestarted);
        }

        random.Shuffle(faults);
        var apart = batches / (faults.Count + 2);
        return [.. faults.Select((fault, index) => (((index + 1) * apart) + random.Below(apart), fault))];
    }
}
