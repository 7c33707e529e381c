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
    private static ImmutableArray<ReservedQuota> QuotasOf(in Decision decision)
    {
        var feature = decision.Feature!;
        if (decision.Units == 1 && feature.Reservation is null)
        {
            return default;
        }

        ReservedQuota? quota = feature.Quota is { IsLevel: false } terms
            ? new ReservedQuota(terms.EntitlementId, decision.Quota.Known ? decision.Quota.PeriodStart : null, decision.Units)
            : null;
        return (quota, CreditOf(decision)) switch
        {
            (null, null) => default,
            ({ } units, null) => [units],
            (null, { } money) => [money],
            ({ } units, { } money) => [units, money],
        };
    }

    /// <summary>Of an allowed request; what does not come back in parts stays taken until the period is billed.</summary>
    public static ReservedQuota? CreditOf(in Decision decision) =>
        decision is { Feature.Credit: { CanComeBack: true } credit, Credit.Known: true }
            ? new ReservedQuota(credit.CreditId, decision.Credit.PeriodStart, credit.PriceOf(decision.Units), IsCredit: true)
            : null;
}
