using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Taxes;

/// <summary><c>/api/v1/billing/tax-codes</c>, additive to OpenMeter: the rates that lines and profiles name.</summary>
internal static class TaxCodeEndpoints
{
    private const string Root = "/api/v1/billing/tax-codes";
    private const int MaxDecimals = 4;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Root, ListAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listTaxCodes").WithSummary("List tax codes").Produces<Page<TaxCodeView>>();
        routes.MapGet(Root + "/{idOrKey}", GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getTaxCode").WithSummary("Read a tax code").Produces<TaxCodeView>();
        routes.MapPost(Root, CreateAsync).RequireScope(Scope.InvoicesWrite).Audited("tax_code.create")
            .WithName("createTaxCode").WithSummary("Create a tax code").Produces<TaxCodeView>(201)
            .WithExample("""{"key":"vat-standard","name":"VAT","percent":19}""");
        routes.MapPut(Root + "/{idOrKey}", ReplaceAsync).RequireScope(Scope.InvoicesWrite).Audited("tax_code.replace")
            .WithName("updateTaxCode").WithSummary("Replace a tax code").Produces<TaxCodeView>()
            .WithExample("""{"key":"vat-standard","name":"Value added tax","percent":20}""");
        routes.MapDelete(Root + "/{idOrKey}", DeleteAsync).RequireScope(Scope.InvoicesWrite).Audited("tax_code.delete")
            .WithName("deleteTaxCode").WithSummary("Archive a tax code").Produces(204);
    }

    private static Task<IResult> ListAsync(PageRequest page, MeteringDatabase database, CancellationToken cancellationToken) => Page.OfAsync(
        database, page, TaxCode.SelectSql + " where archived_at is null order by key",
        "select count(*) from invoicing.tax_code where archived_at is null", null, (TaxCode code) => code.ToView(), cancellationToken);

    private static async Task<IResult> GetAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FindAsync(session, idOrKey, ForReading, cancellationToken) is { } code
            ? Results.Ok(code.ToView()).WithTag(EntityTag.Of(code))
            : Problem.NotFound("tax code", idOrKey);
    }

    private static async Task<IResult> CreateAsync(
        TaxCodeBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (Check(body) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        var code = new TaxCode(PublicId.New(now), body.Key, body.Name, body.Description, body.Percent, now, now, null);
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.ExecuteAsync(InsertSql, code, cancellationToken) == 0)
        {
            return KeyTaken();
        }

        await AuditTrail.RecordAsync(
            session, new AuditEntry("tax_code.create", PublicId.Format(code.Id), now, null, code.ToView()), cancellationToken);
        return await session.CommitAsync(
            Results.Created($"{Root}/{PublicId.Format(code.Id)}", code.ToView()).WithTag(EntityTag.Of(code)), cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string idOrKey, TaxCodeBody body, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (Check(body) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (await FindAsync(session, idOrKey, ForChange, cancellationToken) is not { } before)
        {
            return Problem.NotFound("tax code", idOrKey);
        }

        if (ifMatch.Refuse(EntityTag.Of(before)) is { } stale)
        {
            return stale;
        }

        if (body.Key != before.Key && await FindAsync(session, body.Key, ForReading, cancellationToken) is not null)
        {
            return KeyTaken();
        }

        var now = clock.GetCurrentInstant();
        var after = before with { Key = body.Key, Name = body.Name, Description = body.Description, Percent = body.Percent, UpdatedAt = now };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        var entry = new AuditEntry("tax_code.replace", PublicId.Format(after.Id), now, before.ToView(), after.ToView());
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.Ok(after.ToView()).WithTag(EntityTag.Of(after)), cancellationToken);
    }

    /// <summary>Drafts that name it have a validation issue from then on; issued documents keep what they say.</summary>
    private static async Task<IResult> DeleteAsync(
        string idOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await FindAsync(session, idOrKey, ForChange, cancellationToken) is not { } code)
        {
            return Problem.NotFound("tax code", idOrKey);
        }

        if (ifMatch.Refuse(EntityTag.Of(code)) is { } stale)
        {
            return stale;
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync(ArchiveSql, new { code.Id, now }, cancellationToken);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("tax_code.delete", PublicId.Format(code.Id), now, code.ToView(), null), cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }

    private static async Task<TaxCode?> FindAsync(DbSession session, string idOrKey, string suffix, CancellationToken cancellationToken)
    {
        var byId = PublicId.TryParse(idOrKey, out var id)
            ? await session.FirstOrNoneAsync<TaxCode>(
                TaxCode.SelectSql + " where id = @id and archived_at is null" + suffix, new { id }, cancellationToken)
            : null;
        return byId ?? await session.FirstOrNoneAsync<TaxCode>(
            TaxCode.SelectSql + " where key = @idOrKey and archived_at is null" + suffix, new { idOrKey }, cancellationToken);
    }

    private static FieldErrors Check(TaxCodeBody body)
    {
        var errors = new FieldErrors();
        Texts.Key(body.Key, "/key", errors);
        Texts.Name(body.Name, "/name", errors);
        Texts.Description(body.Description, "/description", errors);
        errors.AddIf(
            body.Percent is < 0m or > 100m || body.Percent.Scale > MaxDecimals, "/percent", "out_of_range",
            $"A percentage is a number from 0 to 100 with at most {MaxDecimals} decimals.");
        return errors;
    }

    private static IResult KeyTaken() => Problem.Of(
        ProblemType.AlreadyExists, "There is such a tax code.", new FieldError("/key", "taken", "The key names another tax code."));

    private const string ForReading = "";

    private const string ForChange = " for update";

    private const string InsertSql = """
        insert into invoicing.tax_code (id, key, name, description, percent, created_at, updated_at)
        values (@Id, @Key, @Name, @Description, @Percent, @CreatedAt, @UpdatedAt)
        on conflict (key) where archived_at is null do nothing
        """;

    private const string UpdateSql = """
        update invoicing.tax_code
        set key = @Key, name = @Name, description = @Description, percent = @Percent, updated_at = @UpdatedAt
        where id = @Id
        """;

    private const string ArchiveSql = "update invoicing.tax_code set archived_at = @now, updated_at = @now where id = @Id";

    private sealed record TaxCodeBody(string Key, string Name, decimal Percent, string? Description = null);
}
