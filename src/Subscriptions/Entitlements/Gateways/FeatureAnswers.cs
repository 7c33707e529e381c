using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Entitlements.Grants;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Gateways;

/// <summary>Whether a customer may use features now, and why not.</summary>
internal sealed class FeatureAnswers(EntitlementValues values)
{
    /// <param name="entitlements">Those of the customer that are active.</param>
    /// <param name="known">Which of the keys are features at all.</param>
    public async Task<ImmutableSortedDictionary<string, FeatureAnswer>> OfAsync(
        DbSession session, IReadOnlyList<EntitlementRow> entitlements, IEnumerable<string> keys, ISet<string> known, bool includeCredits, Instant now,
        CancellationToken cancellationToken)
    {
        var answers = ImmutableSortedDictionary.CreateBuilder<string, FeatureAnswer>(StringComparer.Ordinal);
        foreach (var key in keys.Distinct(StringComparer.Ordinal))
        {
            answers[key] = entitlements.FirstOrDefault(one => one.FeatureKey == key) is { } entitlement
                ? await OneAsync(session, entitlement, includeCredits, now, cancellationToken)
                : known.Contains(key) ? FeatureAnswer.NotEntitled : FeatureAnswer.NotFound;
        }

        return answers.ToImmutable();
    }

    private async Task<FeatureAnswer> OneAsync(
        DbSession session, EntitlementRow entitlement, bool includeCredits, Instant now, CancellationToken cancellationToken)
    {
        var value = await values.NowAsync(session, entitlement, now, cancellationToken);
        if (value.HasAccess)
        {
            return FeatureAnswer.Allowed;
        }

        if (value.IsSuspended)
        {
            return FeatureAnswer.Suspended;
        }

        var attributes = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal,
        [
            KeyValuePair.Create("balance", value.Balance ?? 0m),
            KeyValuePair.Create("limit", value.TotalAvailableGrantAmount ?? 0m),
            KeyValuePair.Create("usage", value.Usage ?? 0m),
        ]);
        return includeCredits && !await ComesBackAsync(session, entitlement, now, cancellationToken)
            ? new FeatureAnswer(false, new DenialReason("no_credit_available", "What was granted is used up and is not granted anew.", attributes))
            : new FeatureAnswer(false, new DenialReason("usage_limit_reached", "What the usage period allows is used up.", attributes));
    }

    /// <summary>
    /// Whether waiting helps: something is granted anew by itself. A balance of top-ups alone is credit, which only somebody who buys more
    /// brings back.
    /// </summary>
    private static async Task<bool> ComesBackAsync(
        DbSession session, EntitlementRow entitlement, Instant now, CancellationToken cancellationToken) =>
        entitlement.IsGauge
        || (await GrantRow.OfEntitlementAsync(session, entitlement.Id, cancellationToken)).Any(grant =>
            grant.Amount > 0m && ((grant.IsIssue && grant.ToGrant().IsInForceAt(now)) || grant.NextRecurrenceAfter(now) is not null));
}
