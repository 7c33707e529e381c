using System.Collections.Immutable;
using System.Globalization;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Taxes;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary><c>POST /api/v1/billing/profiles</c> and <c>PUT …/{id}</c>, where <c>default</c> stands for the default profile.</summary>
internal static class SaveProfile
{
    private const string FirstSeries = "INV";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/billing/profiles", CreateAsync).RequireScope(Scope.InvoicesWrite).Audited("billing_profile.create")
            .WithName("createBillingProfile").WithSummary("Create a billing profile").Produces<ProfileView>(201)
            .WithExample(
                """
                {"name":"Careful","default":false,"supplier":{"name":"Summit Ltd","taxId":{"code":"GB123456789"}},
                 "workflow":{"collection":{"interval":"P1D"},"invoicing":{"autoAdvance":false},"payment":{"collectionMethod":"send_invoice"}},
                 "apps":{"tax":"01J0000000E008000000000002","invoicing":"01J0000000E008000000000002","payment":"01J0000000E008000000000002"}}
                """);
        routes.MapPut("/api/v1/billing/profiles/{id}", ReplaceAsync).RequireScope(Scope.InvoicesWrite).Audited("billing_profile.replace")
            .WithName("updateBillingProfile").WithSummary("Replace a billing profile").Produces<ProfileView>()
            .WithExample("""{"name":"Careful","default":false,"supplier":{"name":"Summit Ltd"},"workflow":{"invoicing":{"dueAfter":"P14D"}}}""");
    }

    private static async Task<IResult> CreateAsync(
        ProfileBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await ProfileRow.LockAllAsync(session, cancellationToken);
        if (body.Check(await TaxCodes.LoadAsync(session, cancellationToken)) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        if (body.Apps is null)
        {
            return Problem.Invalid("/apps", "required", "A profile names its apps.");
        }

        var (series, refusal) = await SeriesAsync(session, body, null, cancellationToken);
        if (refusal is not null)
        {
            return Problem.Invalid(refusal);
        }

        var now = clock.GetCurrentInstant();
        var profile = new BillingProfile(
            PublicId.New(now), body.Name, body.Description, body.Metadata ?? ImmutableSortedDictionary<string, string>.Empty, body.Default,
            body.Supplier.ToSupplier(), body.Workflow, series!, now, now, null);
        await DethroneAsync(session, profile, cancellationToken);
        await session.ExecuteAsync(InsertSql, Parameters(profile), cancellationToken);
        var view = ProfileView.Of(profile);
        await AuditTrail.RecordAsync(session, new AuditEntry("billing_profile.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(
            Results.Created($"/api/v1/billing/profiles/{view.Id}", view).WithTag(ProfileView.TagOf(profile)), cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string id, ProfileBody body, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await ProfileRow.LockAllAsync(session, cancellationToken);
        if (body.Check(await TaxCodes.LoadAsync(session, cancellationToken)) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        if (await ProfileRow.FindAsync(session, id, cancellationToken) is not { ArchivedAt: null } before)
        {
            return Problem.NotFound("billing profile", id);
        }

        if (ifMatch.Refuse(ProfileView.TagOf(before)) is { } stale)
        {
            return stale;
        }

        if (before.IsDefault && !body.Default)
        {
            return Problem.Invalid("/default", "default_required", "Make another profile the default instead: there is always one.");
        }

        var (series, refusal) = await SeriesAsync(session, body, before, cancellationToken);
        if (refusal is not null)
        {
            return Problem.Invalid(refusal);
        }

        var after = before with
        {
            Name = body.Name,
            Description = body.Description,
            Metadata = body.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
            IsDefault = body.Default,
            Supplier = body.Supplier.ToSupplier(),
            Workflow = body.Workflow,
            NumberSeries = series!,
            UpdatedAt = clock.GetCurrentInstant(),
        };
        await DethroneAsync(session, after, cancellationToken);
        await session.ExecuteAsync(UpdateSql, Parameters(after), cancellationToken);
        var view = ProfileView.Of(after);
        var entry = new AuditEntry("billing_profile.replace", view.Id, after.UpdatedAt, ProfileView.Of(before), view);
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(ProfileView.TagOf(after)), cancellationToken);
    }

    /// <summary>
    /// A seller's documents have one run of numbers whatever profile issues them, and two sellers never share one: each would see gaps in its own.
    /// </summary>
    private static async Task<(string? Series, FieldError? Refusal)> SeriesAsync(
        DbSession session, ProfileBody body, BillingProfile? before, CancellationToken cancellationToken)
    {
        var others = (await session.QueryAsync<SellerRow>(SellersSql, new { except = before?.Id }, cancellationToken)).ToArray();
        var seller = body.Supplier.ToSupplier();
        if (body.NumberSeries is { } asked)
        {
            return others.FirstOrDefault(other => other.Series == asked && !IsSame(other, seller)) is { } owner
                ? (null, new FieldError("/numberSeries", "series_taken", $"The series numbers the documents of {owner.Name}."))
                : (asked, null);
        }

        if (before is not null)
        {
            return (before.NumberSeries, null);
        }

        if (others.FirstOrDefault(other => IsSame(other, seller)) is { } same)
        {
            return (same.Series, null);
        }

        var taken = others.Select(other => other.Series).ToHashSet();
        var number = Enumerable.Range(2, taken.Count + 1).First(i => !taken.Contains(SeriesOf(i)));
        return (SeriesOf(number), null);
    }

    private static string SeriesOf(int number) => FirstSeries + number.ToString(CultureInfo.InvariantCulture);

    private static bool IsSame(SellerRow other, InvoiceSupplier seller) => other.Name == seller.Name && other.TaxId == seller.TaxId;

    /// <summary>The default before gives way to the one that is saved as the default.</summary>
    private static Task DethroneAsync(DbSession session, BillingProfile profile, CancellationToken cancellationToken) => profile.IsDefault
        ? session.ExecuteAsync(DethroneSql, new { profile.Id, profile.UpdatedAt }, cancellationToken)
        : Task.CompletedTask;

    private static object Parameters(BillingProfile profile) => new
    {
        profile.Id,
        profile.Name,
        profile.Description,
        Metadata = StoredJson.Write(profile.Metadata),
        profile.IsDefault,
        Supplier = StoredJson.Write(profile.Supplier),
        Workflow = StoredJson.Write(profile.Workflow),
        profile.NumberSeries,
        profile.CreatedAt,
        profile.UpdatedAt,
    };

    private const string DethroneSql = """
        update invoicing.billing_profile set is_default = false, updated_at = @UpdatedAt where is_default and id <> @Id
        """;

    private const string InsertSql = """
        insert into invoicing.billing_profile
            (id, name, description, metadata, is_default, supplier, workflow, number_series, created_at, updated_at)
        values
            (@Id, @Name, @Description, @Metadata::jsonb, @IsDefault, @Supplier::jsonb, @Workflow::jsonb, @NumberSeries, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update invoicing.billing_profile
        set name = @Name, description = @Description, metadata = @Metadata::jsonb, is_default = @IsDefault, supplier = @Supplier::jsonb,
            workflow = @Workflow::jsonb, number_series = @NumberSeries, updated_at = @UpdatedAt
        where id = @Id
        """;

    private const string SellersSql = """
        select supplier ->> 'name' as name, supplier ->> 'taxId' as taxId, number_series as series
        from invoicing.billing_profile
        where @except::uuid is null or id <> @except
        order by created_at, id
        """;

    private sealed record SellerRow(string Name, string? TaxId, string Series);
}
