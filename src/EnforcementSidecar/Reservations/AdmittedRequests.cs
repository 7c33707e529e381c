using System.Collections.Immutable;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>Signs what was admitted, and remembers calls of models until somebody settles them.</summary>
internal sealed class AdmittedRequests(AccessState access, OpenReservations open)
{
    /// <param name="promptTokens">Of a call of a model; what its input is likely to be.</param>
    public string TokenOf(in Decision decision, CredentialRestriction? restriction, long promptTokens)
    {
        var feature = decision.Feature!;
        var reservation = new Reservation(
            decision.ReservationId, decision.Customer!.Id, feature.Key, decision.Units, restriction?.ApplicationId, restriction?.AgentId)
        {
            Quotas = QuotasOf(decision),
            PromptTokens = feature.Reservation is null ? null : promptTokens,
        };

        // The directory that identified the customer is there: decisions are only taken with one.
        return ReservationToken.Sign(reservation, access.Known!.ReservationKey);
    }

    /// <summary>From here on a call of a model has an end, whether the gateway settles it or not.</summary>
    public void Open(in Decision decision, CredentialRestriction? restriction, long promptTokens, string? model)
    {
        if (decision is { IsAllowed: true, Feature.Reservation: { } terms })
        {
            open.Open(decision.ReservationId, TokenOf(decision, restriction, promptTokens), terms, model);
        }
    }

    /// <summary>Of a single unit nothing ever comes back; the token stays short.</summary>
    private static ImmutableArray<ReservedQuota> QuotasOf(in Decision decision) =>
        decision.Feature!.Quota is { IsLevel: false } quota && (decision.Units > 1 || decision.Feature.Reservation is not null)
            ? [new ReservedQuota(quota.EntitlementId, decision.Quota.Known ? decision.Quota.PeriodStart : null, decision.Units)]
            : default;
}
