using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>
/// <c>DELETE /api/v1/customers/{idOrKey}</c>: the customer's keys stop working, and those that name it; its key and subjects are free again.
/// What was billed keeps the customer by its id. Refused while a subscription runs or is scheduled, or other customers stand under it.
/// </summary>
internal static class DeleteCustomer
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/api/v1/customers/{idOrKey}", DeleteAsync).RequireScope(Scope.CustomersWrite).Audited("customer.delete")
            .WithName("deleteCustomer").WithSummary("Delete a customer").Produces(204);

    private static async Task<IResult> DeleteAsync(
        string idOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        await CustomerTree.LockAsync(session, cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (ifMatch.Refuse(customer.Tag) is { } stale)
        {
            return stale;
        }

        if (await session.SingleAsync<bool>(SubscribedSql, new { customer.Id, now }, cancellationToken))
        {
            return Problem.Of(ProblemType.Conflict, "The customer has a subscription that has not ended; cancel it first.");
        }

        if (await CustomerTree.HasChildrenAsync(session, customer.Id, now, cancellationToken))
        {
            return Problem.Of(ProblemType.Conflict, "Other customers stand under this one, or will; place them elsewhere first.");
        }

        var affected = await CustomerTree.AffectedAsync(session, [customer.Id], now, cancellationToken);
        await session.ExecuteAsync(DeleteSql, new { customer.Id, now }, cancellationToken);
        await SnapshotVersions.BumpAsync(session, affected, cancellationToken);
        var before = customer.ToView(currentSubscription: null);
        await AuditTrail.RecordAsync(session, new AuditEntry("customer.delete", before.Id, now, before, null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string SubscribedSql = """
        select exists (
            select from subscriptions.subscription
            where customer_id = @Id and (active_to is null or active_to > @now)
        )
        """;

    private const string DeleteSql = """
        update subscriptions.customer_subject set released_at = @now where customer_id = @Id and released_at is null;
        update subscriptions.credential set revoked_at = @now
        where (customer_id = @Id or application_id = @Id or agent_id = @Id) and revoked_at is null;
        delete from subscriptions.customer_placement where customer_id = @Id and effective_from >= @now;
        update subscriptions.customer_placement set effective_to = @now
        where customer_id = @Id and (effective_to is null or effective_to > @now);
        update subscriptions.entitlement
        set active_to = @now, deleted_at = @now, updated_at = @now
        where customer_id = @Id and origin = 'customer' and deleted_at is null;
        update subscriptions.customer set deleted_at = @now, updated_at = @now where id = @Id
        """;
}
