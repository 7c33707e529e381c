using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>
/// <c>/api/v1/customers/{idOrKey}/credentials</c>: the API keys by which a gateway recognises the customer. Only the hash is stored; the
/// secret is answered once. They open nothing in this API.
/// </summary>
internal static class Credentials
{
    private const string Path = "/api/v1/customers/{idOrKey}/credentials";
    private const int MaxPerCustomer = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, CreateAsync).RequireScope(Scope.CustomersWrite).Audited("credential.create");
        routes.MapGet(Path, ListAsync).RequireScope(Scope.CustomersRead);
        routes.MapDelete(Path + "/{credentialId}", RevokeAsync).RequireScope(Scope.CustomersWrite).Audited("credential.revoke");
    }

    private static async Task<IResult> CreateAsync(
        string idOrKey, CreateCredential body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Texts.Name(body.Name, "/name", errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (await session.SingleAsync<long>(CountSql, new { customer.Id }, cancellationToken) >= MaxPerCustomer)
        {
            return Problem.Of(ProblemType.Conflict, $"A customer has at most {MaxPerCustomer} credentials that work; revoke one first.");
        }

        var secret = ApiKey.Generate("mtr_live");
        var id = PublicId.New(now);
        await session.ExecuteAsync(InsertSql, new { id, customerId = customer.Id, body.Name, hash = secret.Hash(), now }, cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var view = new CredentialView(PublicId.Format(id), body.Name, now, null);
        await AuditTrail.RecordAsync(session, new AuditEntry("credential.create", view.Id, now, null, view), cancellationToken);
        var answer = Results.Created(
            $"/api/v1/customers/{PublicId.Format(customer.Id)}/credentials/{view.Id}",
            new CreatedCredential(view.Id, body.Name, now, secret.Secret));
        return await session.CommitAsync(answer, cancellationToken);
    }

    private static async Task<IResult> ListAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await CustomerRow.FindAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        var rows = await session.QueryAsync<CredentialRow>(ListSql, new { customer.Id }, cancellationToken);
        return Results.Ok(rows.Select(row => row.ToView()));
    }

    private static async Task<IResult> RevokeAsync(
        string idOrKey, string credentialId, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (!PublicId.TryParse(credentialId, out var id)
            || await session.FirstOrNoneAsync<CredentialRow>(FindSql, new { id, customerId = customer.Id }, cancellationToken) is not { } row)
        {
            return Problem.NotFound("credential", credentialId);
        }

        if (row.RevokedAt is not null)
        {
            return Results.NoContent();
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync(RevokeSql, new { id, now }, cancellationToken);
        var (before, after) = (row.ToView(), (row with { RevokedAt = now }).ToView());
        await AuditTrail.RecordAsync(session, new AuditEntry("credential.revoke", before.Id, now, before, after), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private const string CountSql = "select count(*) from subscriptions.credential where customer_id = @Id and revoked_at is null";

    private const string InsertSql = """
        insert into subscriptions.credential (id, customer_id, name, key_hash, created_at)
        values (@id, @customerId, @Name, @hash, @now)
        """;

    private const string ListSql = """
        select id, name, created_at as createdAt, revoked_at as revokedAt
        from subscriptions.credential
        where customer_id = @Id
        order by id
        """;

    private const string FindSql = """
        select id, name, created_at as createdAt, revoked_at as revokedAt
        from subscriptions.credential
        where id = @id and customer_id = @customerId
        """;

    private const string RevokeSql = "update subscriptions.credential set revoked_at = @now where id = @id";

    private sealed record CreateCredential(string Name);

    private sealed record CreatedCredential(string Id, string Name, Instant CreatedAt, string Key);

    private sealed record CredentialView(string Id, string Name, Instant CreatedAt, Instant? RevokedAt);

    private sealed record CredentialRow(Guid Id, string Name, Instant CreatedAt, Instant? RevokedAt)
    {
        public CredentialView ToView() => new(PublicId.Format(Id), Name, CreatedAt, RevokedAt);
    }
}
