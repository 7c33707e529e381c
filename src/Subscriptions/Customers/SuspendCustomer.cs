using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Subscribing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>
/// <c>POST /api/v1/customers/{idOrKey}/suspend</c> and <c>/resume</c>: sidecars deny every request of the customer and of all that stands below
/// it, from a moment later on. Nothing else stops: what was used is billed, subscriptions go on.
/// </summary>
internal static class SuspendCustomer
{
    private const int MaxReasonLength = 1_024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/customers/{idOrKey}/suspend", SuspendAsync).RequireScope(Scope.CustomersWrite).Audited("customer.suspend")
            .WithName("suspendCustomer").WithSummary("Suspend a customer and all below it").Produces<CustomerView>()
            .WithExample("""{"reason":"Unpaid"}""");
        routes.MapPost("/api/v1/customers/{idOrKey}/resume", ResumeAsync).RequireScope(Scope.CustomersWrite).Audited("customer.resume")
            .WithName("resumeCustomer").WithSummary("Let a suspended customer go on").Produces<CustomerView>();
    }

    private static async Task<IResult> SuspendAsync(
        string idOrKey, SuspendRequest? body, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (body?.Reason is { Length: > MaxReasonLength })
        {
            return Problem.Invalid("/reason", "out_of_range", $"A reason has at most {MaxReasonLength} characters.");
        }

        var change = new Change("customer.suspend", clock.GetCurrentInstant(), body?.Reason);
        return await ChangeAsync(idOrKey, change, ifMatch, database, cancellationToken);
    }

    private static Task<IResult> ResumeAsync(
        string idOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken) =>
        ChangeAsync(idOrKey, new Change("customer.resume", clock.GetCurrentInstant(), null), ifMatch, database, cancellationToken);

    /// <summary>A customer that is as asked for already stays as it is, with the first reason.</summary>
    private static async Task<IResult> ChangeAsync(
        string idOrKey, Change change, IfMatch ifMatch, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } before)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        var (now, suspends) = (change.Now, change.Action == "customer.suspend");
        var current = await SubscriptionRow.FindCurrentIdAsync(session, before.Id, now, cancellationToken);
        if (suspends == before.SuspendedAt is not null)
        {
            return Results.Ok(before.ToView(current)).WithTag(before.Tag);
        }

        var after = before with { SuspendedAt = suspends ? now : null, SuspensionReason = change.Reason, UpdatedAt = now };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        await SnapshotVersions.BumpAsync(session, await CustomerTree.AffectedAsync(session, [before.Id], now, cancellationToken), cancellationToken);
        var view = after.ToView(current);
        await AuditTrail.RecordAsync(session, new AuditEntry(change.Action, view.Id, now, before.ToView(current), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    private const string UpdateSql = """
        update subscriptions.customer
        set suspended_at = @SuspendedAt, suspension_reason = @SuspensionReason, updated_at = @UpdatedAt
        where id = @Id
        """;

    private sealed record SuspendRequest(string? Reason = null);

    private sealed record Change(string Action, Instant Now, string? Reason);
}
