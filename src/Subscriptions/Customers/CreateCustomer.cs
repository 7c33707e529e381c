using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary><c>POST /api/v1/customers</c>.</summary>
internal static class CreateCustomer
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/customers", CreateAsync).RequireScope(Scope.CustomersWrite).Audited("customer.create")
            .WithName("createCustomer").WithSummary("Create a customer").Produces<CustomerView>(201)
            .WithExample(
                """
                {"name":"Acme","key":"acme","primaryEmail":"billing@acme.example","currency":"USD","timeZone":"Europe/Berlin",
                 "usageAttribution":{"subjectKeys":["acme-app"]},"billingAddress":{"country":"DE","city":"Berlin",
                 "line1":"Unter den Linden 1"},"metadata":{"tier":"gold"}}
                """);

    private static async Task<IResult> CreateAsync(CustomerBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        var id = PublicId.New(now);
        await using var session = await database.BeginAsync(cancellationToken);
        var parameters = CustomerWriting.Parameters(
            id, body, body.Currency, body.Kind ?? CustomerKind.External, body.Level ?? CustomerLevel.Account, now);
        if (await session.ExecuteAsync(InsertSql, parameters, cancellationToken) == 0)
        {
            return CustomerWriting.KeyTaken();
        }

        if (await CustomerWriting.ReplaceSubjectsAsync(session, id, body, cancellationToken) is { Count: > 0 } taken)
        {
            return Problem.Of(ProblemType.AlreadyExists, "A subject belongs to another customer.", taken);
        }

        await SnapshotVersions.BumpAsync(session, [id], cancellationToken);
        var row = (await CustomerRow.FindAsync(session, id, cancellationToken))!;
        var view = row.ToView(currentSubscription: null);
        await AuditTrail.RecordAsync(session, new AuditEntry("customer.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/customers/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private const string InsertSql = """
        insert into subscriptions.customer
            (id, key, name, description, primary_email, currency, time_zone, billing_address, metadata, kind, level, created_at, updated_at)
        values
            (@id, @Key, @Name, @Description, @PrimaryEmail, @currency, @timeZone, @billingAddress::jsonb, @metadata::jsonb, @kind, @level,
             @now, @now)
        on conflict (key) where deleted_at is null do nothing
        """;
}
