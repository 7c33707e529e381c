using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Subscribing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>
/// <c>PUT /api/v1/customers/{idOrKey}</c>: the body becomes the customer; what it leaves out is gone, but for kind and level.
/// </summary>
internal static class ReplaceCustomer
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/v1/customers/{idOrKey}", ReplaceAsync).RequireScope(Scope.CustomersWrite).Audited("customer.replace")
            .WithName("updateCustomer").WithSummary("Replace a customer").Produces<CustomerView>()
            .WithExample("""{"name":"Acme Ltd","key":"acme","usageAttribution":{"subjectKeys":["acme-app","acme-batch"]}}""");

    private static async Task<IResult> ReplaceAsync(
        string idOrKey, CustomerBody body, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } before)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        // Something was bought in it: the currency stays when it is left out, and cannot become another one.
        var bought = await session.SingleAsync<bool>(BoughtSql, new { before.Id }, cancellationToken);
        if (bought && body.Currency is not null && body.Currency != before.Currency)
        {
            return Problem.Of(
                ProblemType.Conflict, "The currency is in use.",
                new FieldError("/currency", "currency_in_use", $"The customer has bought in {before.Currency}."));
        }

        if (body.Key is not null && await CustomerWriting.IsKeyTakenAsync(session, body.Key, before.Id, cancellationToken))
        {
            return CustomerWriting.KeyTaken();
        }

        var (kind, level) = (body.Kind ?? before.Kind, body.Level ?? before.Level);
        if ((kind != before.Kind || level != before.Level) && await CustomerTree.IsPlacedAsync(session, before.Id, now, cancellationToken))
        {
            return Problem.Of(
                ProblemType.Conflict, "The customer stands in the tree; take it and what is below it out first.",
                new FieldError(kind != before.Kind ? "/kind" : "/level", "placed", "The customer stands above or below another."));
        }

        // Clients that only know OpenMeter's fields name no zone: the customer has not moved, and its billing periods stay where they are.
        body = body with { TimeZone = body.TimeZone ?? before.TimeZone };
        if (body.Zone.Id != before.TimeZone)
        {
            await session.ExecuteAsync(MovedSql, new { before.Id, now, before.TimeZone }, cancellationToken);
        }

        var currency = body.Currency ?? (bought ? before.Currency : null);
        await session.ExecuteAsync(UpdateSql, CustomerWriting.Parameters(before.Id, body, currency, kind, level, now), cancellationToken);
        if (await CustomerWriting.ReplaceSubjectsAsync(session, before.Id, body, cancellationToken) is { Count: > 0 } taken)
        {
            return Problem.Of(ProblemType.AlreadyExists, "A subject belongs to another customer.", taken);
        }

        if (body.Zone.Id != before.TimeZone)
        {
            await EntitlementZones.MoveAsync(session, before.Id, body.Zone, now, cancellationToken);
        }

        await BalanceSnapshots.ForgetAllAsync(session, before.Id, cancellationToken);
        await PoolOpening.ForgetMeasurementsAsync(session, before.Id, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [before.Id], cancellationToken);
        var after = (await CustomerRow.FindAsync(session, before.Id, cancellationToken))!;
        var current = await SubscriptionRow.FindCurrentIdAsync(session, before.Id, now, cancellationToken);
        var view = after.ToView(current);
        await AuditTrail.RecordAsync(session, new AuditEntry("customer.replace", view.Id, now, before.ToView(current), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    private const string BoughtSql = "select exists (select from subscriptions.subscription where customer_id = @Id)";

    // Two moves at one instant are one, from where the first began.
    private const string MovedSql = """
        insert into subscriptions.customer_zone_change (customer_id, changed_at, zone_before)
        values (@Id, @now, @TimeZone)
        on conflict do nothing
        """;

    private const string UpdateSql = """
        update subscriptions.customer
        set key = @Key,
            name = @Name,
            description = @Description,
            primary_email = @PrimaryEmail,
            currency = @currency,
            time_zone = @timeZone,
            billing_address = @billingAddress::jsonb,
            metadata = @metadata::jsonb,
            kind = @kind,
            level = @level,
            updated_at = @now
        where id = @id
        """;
}
