using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary><c>POST /api/v1/subscriptions</c>: a customer follows a version of a plan, or a plan of its own, from an instant on.</summary>
internal static class Subscribe
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/subscriptions", SubscribeAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.create")
            .WithName("createSubscription").WithSummary("Subscribe a customer to a plan").Produces<SubscriptionView>(201)
            .WithTags("Subscriptions")
            .WithExample("""{"plan":{"key":"pro"},"customerKey":"acme","timing":"immediate"}""", "createCustomer", "publishPlan");

    private static async Task<IResult> SubscribeAsync(
        SubscribeBody body, MeteringDatabase database, MeterCatalog meters, EntitlementSync entitlements, IClock clock,
        CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var (now, terms) = (clock.GetCurrentInstant(), body.ToTerms());
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, (body.CustomerId ?? body.CustomerKey)!, cancellationToken) is not { } customer)
        {
            return Problem.Invalid(body.CustomerId is null ? "/customerKey" : "/customerId", "unknown_customer", "There is no such customer.");
        }

        var (plan, refusal) = await SelectedPlan.FindAsync(session, terms, meters, now, cancellationToken);
        if ((refusal ?? plan!.RefuseFor(customer, terms.StartingPhase)) is { } unfit)
        {
            return unfit;
        }

        var cadence = Cadence.Parse(plan!.Body.BillingCadence);
        var billing = ServiceCalendar.Of(cadence, body.BillingAnchor ?? now, now, customer.Zone, []);
        if (Timing.TryResolve(body.Timing, now, billing, out var activeFrom) is { } untimely)
        {
            return untimely;
        }

        var (row, spec) = SubscriptionStart.Of(customer, plan, terms, activeFrom, activeFrom, now);
        await SubscriptionWriting.AddAsync(session, row, spec, follows: null, now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, customer.Id, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        await SubscriptionWriting.AuditAsync(session, "subscription.create", null, row, now, cancellationToken);
        var view = row.ToView(now, phases: null);
        return await session.CommitAsync(Results.Created($"/api/v1/subscriptions/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    /// <param name="CustomerId">Stands before <paramref name="CustomerKey"/> when both are said.</param>
    private sealed record SubscribeBody(
        PlanChoice? Plan = null,
        CustomPlanBody? CustomPlan = null,
        string? CustomerId = null,
        string? CustomerKey = null,
        string? Timing = null,
        Instant? BillingAnchor = null,
        string? StartingPhase = null,
        string? Name = null,
        string? Description = null,
        string? SettlementMode = null,
        string? CostBasisMode = null,
        AlignmentBody? Alignment = null,
        ImmutableSortedDictionary<string, string>? Metadata = null)
    {
        public SubscriptionTerms ToTerms() =>
            new(Plan, CustomPlan, StartingPhase, BillingAnchor, Name, Description, Metadata, SettlementMode, CostBasisMode);

        public FieldErrors Check()
        {
            var errors = new FieldErrors();
            errors.AddIf(
                CustomerId is null && CustomerKey is null, "/customerKey", "required", "A subscription names its customer by id or by key.");
            errors.AddIf(
                CustomerId is not null && !PublicId.TryParse(CustomerId, out _), "/customerId", "invalid_id", "An id has 26 characters.");
            ToTerms().Check(errors);
            return errors;
        }
    }
}
