using System.Collections.Immutable;
using Metering.Contracts.Messages;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary><c>POST /api/v1/subscriptions</c>: a customer follows a version of a plan from an instant on.</summary>
internal static class Subscribe
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/subscriptions", SubscribeAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.create")
            .WithName("createSubscription").WithSummary("Subscribe a customer to a plan").Produces<SubscriptionView>(201)
            .WithTags("Subscriptions")
            .WithExample("""{"plan":{"key":"pro"},"customerKey":"acme","timing":"immediate"}""", "createCustomer", "publishPlan");

    private static async Task<IResult> SubscribeAsync(
        SubscribeBody body, MeteringDatabase database, EntitlementSync entitlements, IClock clock, CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var customer = await CustomerRow.FindForChangeAsync(session, (body.CustomerId ?? body.CustomerKey)!, cancellationToken);
        var plan = await FindPlanAsync(session, body.Plan, cancellationToken);
        if (Refuse(body, customer, plan) is { } refusal)
        {
            return refusal;
        }

        var anchorForTiming = new BillingCalendar(Cadence.Parse(plan!.BillingCadence), body.BillingAnchor ?? now, customer!.Zone);
        if (Timing.Resolve(body.Timing, now, anchorForTiming) is not { } activeFrom)
        {
            return Problem.Invalid("/timing", "invalid_timing", "A timing is immediate, next_billing_cycle or an RFC 3339 time.");
        }

        if (activeFrom < now)
        {
            return Problem.Invalid("/timing", "time_in_the_past", $"A subscription starts now or later, and now is {now}.");
        }

        if (await session.SingleAsync<bool>(OverlapSql, new { customer.Id, activeFrom }, cancellationToken))
        {
            return Problem.Of(ProblemType.Conflict, "The customer has a subscription at that time; cancel it first.");
        }

        var row = NewRow(body, customer, plan, activeFrom, now);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        await session.ExecuteAsync(SetCurrencySql, new { customer.Id, plan.Currency }, cancellationToken);
        await SubscriptionWriting.AddPhasesAsync(session, row, plan, now, cancellationToken);
        if (await entitlements.SyncAsync(session, customer.Id, now, cancellationToken) is { IsEmpty: false } refused)
        {
            return EntitlementConflict.Refused(refused);
        }

        await Outbox.AddAsync(session, new SubscriptionStarted(row.Id, customer.Id, activeFrom), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var view = row.ToView(now, phases: null);
        await AuditTrail.RecordAsync(session, new AuditEntry("subscription.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/subscriptions/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private static Task<PlanRow?> FindPlanAsync(DbSession session, SubscribePlan plan, CancellationToken cancellationToken) =>
        plan.Version is { } version
        ? PlanRow.FindVersionAsync(session, plan.Key, version, cancellationToken)
        : PlanRow.FindAsync(session, plan.Key, cancellationToken);

    /// <summary>In order of precedence: who, what, whether it is for sale, whether in their currency.</summary>
    private static IResult? Refuse(SubscribeBody body, CustomerRow? customer, PlanRow? plan)
    {
        if (customer is null)
        {
            return Problem.Invalid(body.CustomerId is null ? "/customerKey" : "/customerId", "unknown_customer", "There is no such customer.");
        }

        if (plan is null)
        {
            return Problem.Invalid(body.Plan.Version is null ? "/plan/key" : "/plan/version", "unknown_plan", "There is no such plan or version.");
        }

        if (!plan.IsActive)
        {
            return Problem.Of(
                ProblemType.Conflict, $"Version {plan.Version} of the plan is {plan.Status}; only the version in force can be subscribed to.");
        }

        return customer.Currency is null || customer.Currency == plan.Currency ? null : Problem.Of(
            ProblemType.Conflict, $"The customer pays in {customer.Currency} and the plan is in {plan.Currency}.",
            new FieldError("/plan/key", "currency_mismatch", $"The customer pays in {customer.Currency} and the plan is in {plan.Currency}."));
    }

    private static SubscriptionRow NewRow(SubscribeBody body, CustomerRow customer, PlanRow plan, Instant activeFrom, Instant now) => new(
        PublicId.New(now), customer.Id, plan.Id, plan.Key, plan.Name, plan.Version, body.Name ?? plan.Name, body.Description, plan.Currency,
        plan.BillingCadence, body.BillingAnchor ?? activeFrom, plan.Prorates, activeFrom, null,
        Metadata.ToJson(body.Metadata ?? Metadata.None), now, now, customer.TimeZone);

    // A new subscription is open, so it overlaps with everything that has not ended when it starts.
    private const string OverlapSql = """
        select exists (
            select from subscriptions.subscription
            where customer_id = @Id and (active_to is null or active_to > @activeFrom)
        )
        """;

    private const string InsertSql = """
        insert into subscriptions.subscription
            (id, customer_id, plan_id, name, description, currency, billing_cadence, billing_anchor, prorates, active_from, metadata,
             created_at, updated_at)
        values
            (@Id, @CustomerId, @PlanId, @Name, @Description, @Currency, @BillingCadence, @BillingAnchor, @Prorates, @ActiveFrom, @Metadata::jsonb,
             @CreatedAt, @UpdatedAt)
        """;

    private const string SetCurrencySql = "update subscriptions.customer set currency = @Currency where id = @Id and currency is null";

    private sealed record SubscribePlan(string Key, int? Version = null);

    private sealed record SubscribeBody(
        SubscribePlan Plan,
        string? CustomerId = null,
        string? CustomerKey = null,
        string? Timing = null,
        Instant? BillingAnchor = null,
        string? Name = null,
        string? Description = null,
        ImmutableSortedDictionary<string, string>? Metadata = null)
    {
        public FieldErrors Check()
        {
            var errors = new FieldErrors();
            errors.AddIf(
                CustomerId is null == CustomerKey is null, CustomerId is null ? "/customerKey" : "/customerId", "required",
                "A subscription names its customer by customerId or by customerKey, not both.");
            errors.AddIf(
                CustomerId is not null && !PublicId.TryParse(CustomerId, out _), "/customerId", "invalid_id", "An id has 26 characters.");
            if (Name is not null)
            {
                Texts.Name(Name, "/name", errors);
            }

            Texts.Description(Description, "/description", errors);
            Wire.Metadata.Check(Metadata, "/metadata", errors);
            return errors;
        }
    }
}
