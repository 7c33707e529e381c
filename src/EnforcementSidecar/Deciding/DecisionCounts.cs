using System.Diagnostics;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>
/// Counts every decision by its reason; and while Host is not heard from once more for each class of limit, so that nobody is surprised by
/// what a class does then: the feature gate goes by what was last known, rates and requests in flight by the share that is still good and then
/// are not decided, a soft quota admits, a hard one spends what is leased and then is not decided.
/// </summary>
internal sealed class DecisionCounts(AccessState access)
{
    public const string Gate = "gate";
    public const string Share = "share";
    public const string Soft = "soft";
    public const string Hard = "hard";

    /// <param name="reason">Of a denial; <c>allowed</c> otherwise.</param>
    public void Count(in Decision decision, string reason)
    {
        SidecarMetrics.Decisions.Add(1, SidecarMetrics.Outcome(reason));
        if (!access.IsHeardFrom)
        {
            CountWithoutHost(decision, reason);
        }
    }

    private static void CountWithoutHost(in Decision decision, string reason)
    {
        Add(Gate, reason);
        if (decision.Feature is not { } feature || decision.Outcome < DecisionOutcome.ConcurrencyExhausted)
        {
            return;
        }

        if (feature.Slots is not null || feature.Limiters.Length > 0)
        {
            Add(Share, reason);
        }

        if (feature.Quota is { } quota && decision.Outcome > DecisionOutcome.ShareUndecided)
        {
            Add(quota.LimitClass == LimitClass.Hard ? Hard : Soft, reason);
        }
    }

    private static void Add(string limitClass, string reason) =>
        SidecarMetrics.DecisionsWithoutHost.Add(1, new TagList { { "class", limitClass }, { "outcome", reason } });
}
