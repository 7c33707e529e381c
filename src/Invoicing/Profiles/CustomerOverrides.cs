using System.Text.Json;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary><c>PUT</c>, <c>GET</c> and <c>DELETE /api/v1/billing/customers/{customerId}</c>: which profile bills the customer.</summary>
internal static class CustomerOverrides
{
    private const string Route = "/api/v1/billing/customers/{customerId}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Route, GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getBillingProfileCustomerOverride").WithSummary("Read by which profile a customer is billed").Produces<CustomerOverrideView>();
        routes.MapPut(Route, PutAsync).RequireScope(Scope.InvoicesWrite).Audited("billing_override.replace")
            .WithName("upsertBillingProfileCustomerOverride").WithSummary("Pin a customer to a billing profile").Produces<CustomerOverrideView>()
            .WithExample("{}");
        routes.MapDelete(Route, DeleteAsync).RequireScope(Scope.InvoicesWrite).Audited("billing_override.delete")
            .WithName("deleteBillingProfileCustomerOverride").WithSummary("Bill a customer by the default profile again").Produces(204);
    }

    /// <summary>Also of a customer that chose nothing: then it is the default profile.</summary>
    private static async Task<IResult> GetAsync(
        string customerId, string[]? expand, MeteringDatabase database, CustomerReader customers, CustomerSearch search, IClock clock,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("expand", expand, ["apps", "customer"], errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var chosen = (await CustomerOverride.OfAsync(session, [customer.Id], cancellationToken)).GetValueOrDefault(customer.Id);
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        JsonElement? shown = expand?.Contains("customer") ?? false
            ? (await search.ViewsAsync([customer.Id], clock.GetCurrentInstant(), cancellationToken))[customer.Id]
            : null;
        return Results.Ok(CustomerOverrideView.Of(chosen, profile, expand?.Contains("apps") ?? false, shown)).WithTag(EntityTag.Of(chosen));
    }

    private static async Task<IResult> PutAsync(
        string customerId, OverrideBody body, IfMatch ifMatch, MeteringDatabase database, CustomerReader customers, IClock clock,
        CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await ProfileRow.LockAllAsync(session, cancellationToken);
        var before = (await CustomerOverride.OfAsync(session, [customer.Id], cancellationToken)).GetValueOrDefault(customer.Id);
        if (ifMatch.Refuse(EntityTag.Of(before)) is { } stale)
        {
            return stale;
        }

        var pinned = body.BillingProfileId is { } id ? await ProfileRow.FindAsync(session, id, cancellationToken) : null;
        if (body.BillingProfileId is not null && pinned is not { ArchivedAt: null })
        {
            return Problem.Invalid("/billingProfileId", "unknown_profile", "There is no such billing profile.");
        }

        var now = clock.GetCurrentInstant();
        var after = new CustomerOverride(customer.Id, pinned?.Id, before?.CreatedAt ?? now, now);
        await session.ExecuteAsync(PutSql, after, cancellationToken);
        var entry = new AuditEntry(
            "billing_override.replace", PublicId.Format(customer.Id), now, before is null ? null : OverrideValuesView.Of(before),
            OverrideValuesView.Of(after));
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        return await session.CommitAsync(
            Results.Ok(CustomerOverrideView.Of(after, profile, withApps: false, customer: null)).WithTag(EntityTag.Of(after)), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string customerId, IfMatch ifMatch, MeteringDatabase database, CustomerReader customers, IClock clock, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await ProfileRow.LockAllAsync(session, cancellationToken);
        if ((await CustomerOverride.OfAsync(session, [customer.Id], cancellationToken)).GetValueOrDefault(customer.Id) is not { } chosen)
        {
            return Problem.NotFound("billing override of customer", customerId);
        }

        if (ifMatch.Refuse(EntityTag.Of(chosen)) is { } stale)
        {
            return stale;
        }

        await session.ExecuteAsync(DeleteSql, new { customer.Id }, cancellationToken);
        var entry = new AuditEntry(
            "billing_override.delete", PublicId.Format(customer.Id), clock.GetCurrentInstant(), OverrideValuesView.Of(chosen), null);
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }

    private const string PutSql = """
        insert into invoicing.customer_override (customer_id, billing_profile_id, created_at, updated_at)
        values (@CustomerId, @BillingProfileId, @CreatedAt, @UpdatedAt)
        on conflict (customer_id) do update set billing_profile_id = excluded.billing_profile_id, updated_at = excluded.updated_at
        """;

    private const string DeleteSql = "delete from invoicing.customer_override where customer_id = @Id";

    private sealed record OverrideBody(string? BillingProfileId = null);
}
