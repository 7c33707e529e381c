using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Plans;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>The plan that a subscription will follow, found and fit to be followed, with the features it names.</summary>
/// <param name="Row">Null for a plan that is written for the subscription alone.</param>
internal sealed record SelectedPlan(PlanRow? Row, PlanBody Body, ImmutableDictionary<string, MeteredFeature> Features)
{
    /// <summary>In order of precedence: whether there is such a plan, whether it is for sale, whether it is sound.</summary>
    public static async Task<(SelectedPlan? Plan, IResult? Refusal)> FindAsync(
        DbSession session, SubscriptionTerms terms, MeterCatalog meters, Instant now, CancellationToken cancellationToken)
    {
        if (terms.Plan is { } choice)
        {
            var row = choice.Version is { } version
                ? await PlanRow.FindVersionAsync(session, choice.Key, version, cancellationToken)
                : await PlanRow.FindAsync(session, choice.Key, now, cancellationToken);
            return row is null
                ? (null, Problem.Invalid(
                    choice.Version is null ? "/plan/key" : "/plan/version", "unknown_plan", "There is no such plan or version."))
                : await OfAsync(session, row, meters, now, cancellationToken);
        }

        var body = terms.CustomPlan!.ToPlan();
        var features = await MeteredFeature.OfAsync([body], session, meters, cancellationToken);
        return PlanChecks.Check(body, features).AgainstPublishing is { IsEmpty: false } errors
            ? (null, Problem.Invalid([.. errors.Select(error => error with { Pointer = "/customPlan" + error.Pointer })]))
            : (new SelectedPlan(null, body, features), null);
    }

    public static async Task<(SelectedPlan? Plan, IResult? Refusal)> OfAsync(
        DbSession session, PlanRow row, MeterCatalog meters, Instant now, CancellationToken cancellationToken)
    {
        if (!row.IsActiveAt(now))
        {
            return (null, Problem.Of(
                ProblemType.Conflict, $"Version {row.Version} of the plan is {row.StatusAt(now)}; only the version in force can be subscribed to."));
        }

        var body = row.ToBody();
        return (new SelectedPlan(row, body, await MeteredFeature.OfAsync([body], session, meters, cancellationToken)), null);
    }

    /// <summary>Null when the plan can begin with this phase for this customer.</summary>
    public IResult? RefuseFor(CustomerRow customer, string? startingPhase)
    {
        if (customer.Currency is not null && customer.Currency != Body.Currency)
        {
            var message = $"The customer pays in {customer.Currency} and the plan is in {Body.Currency}.";
            return Problem.Of(
                ProblemType.Conflict, message, new FieldError(Row is null ? "/customPlan/currency" : "/plan/key", "currency_mismatch", message));
        }

        return startingPhase is null || Body.Phases.Any(phase => phase.Key == startingPhase)
            ? null
            : Problem.Invalid("/startingPhase", "unknown_phase", "The plan has no phase with this key.");
    }
}
