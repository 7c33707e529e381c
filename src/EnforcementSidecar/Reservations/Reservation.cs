using System.Collections.Immutable;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>An admitted request. The id carries the product time of the check.</summary>
/// <param name="ApplicationId">Of 26 characters: the application that the key named, if any.</param>
/// <param name="AgentId">Of 26 characters: the agent that the key named, if any.</param>
internal readonly record struct Reservation(
    UInt128 Id, string CustomerId, string FeatureKey, long Units, string? ApplicationId = null, string? AgentId = null)
{
    /// <summary>What is settled when the actual use is known. Default where nothing can come back.</summary>
    public ImmutableArray<ReservedQuota> Quotas { get; init; }

    /// <summary>What the input of the call is likely to be; null when it is no call of a model.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>The same request with more units, for instance because its answer is longer than was reserved.</summary>
    public Reservation Extended(long units, ReservedQuota? taken)
    {
        var quotas = Quotas.IsDefault ? [] : Quotas;
        if (taken is { } more)
        {
            var same = quotas.FirstOrDefault(quota => quota.EntitlementId == more.EntitlementId && quota.PeriodStart == more.PeriodStart);
            quotas = same == default ? quotas.Add(more) : quotas.Replace(same, same with { Units = same.Units + more.Units });
        }

        return this with { Units = Units + units, Quotas = quotas.IsEmpty ? default : quotas };
    }
}
