using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Adds up the usage of each phase.</summary>
internal static class UsageOfPhases
{
    /// <summary>One sum for each phase, in their order.</summary>
    /// <exception cref="ArgumentException">A segment reaches over the edge of a phase.</exception>
    public static decimal[] Sum(BurnDownInput input, ImmutableArray<BurnPhase> phases)
    {
        var sums = new decimal[phases.Length];
        foreach (var segment in input.Usage)
        {
            if (segment.Period.End <= input.Start || segment.Period.Start >= input.Until)
            {
                continue;
            }

            var index = LastNotAfter(phases, segment.Period);
            if (index < 0 || phases[index].Period is not { } phase || !phase.Contains(segment.Period))
            {
                throw new ArgumentException($"The usage of {segment.Period} reaches over the edge of a burn phase; cut it there.", nameof(input));
            }

            sums[index] = GrantBounds.CheckedSum(sums[index] + segment.Quantity, "Usage");
        }

        return sums;
    }

    private static int LastNotAfter(ImmutableArray<BurnPhase> phases, ServicePeriod segment)
    {
        var (low, high) = (0, phases.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            (low, high) = phases[middle].At <= segment.Start ? (middle + 1, high) : (low, middle - 1);
        }

        return high;
    }
}
