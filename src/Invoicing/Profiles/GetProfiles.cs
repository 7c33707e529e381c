using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary><c>GET /api/v1/billing/profiles</c>, <c>GET</c> and <c>DELETE …/{id}</c>.</summary>
internal static class GetProfiles
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/billing/profiles", ListAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listBillingProfiles").WithSummary("List billing profiles").Produces<Page<ProfileView>>();
        routes.MapGet("/api/v1/billing/profiles/{id}", GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getBillingProfile").WithSummary("Read a billing profile").Produces<ProfileView>();
        routes.MapDelete("/api/v1/billing/profiles/{id}", DeleteAsync).RequireScope(Scope.InvoicesWrite).Audited("billing_profile.delete")
            .WithName("deleteBillingProfile").WithSummary("Archive a billing profile").Produces(204);
    }

    private static async Task<IResult> GetAsync(
        string id, string[]? expand, MeteringDatabase database, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("expand", expand, ["apps"], errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return await ProfileRow.FindAsync(session, id, cancellationToken) is { } profile
            ? Results.Ok(ProfileView.Of(profile, expand?.Contains("apps") ?? false)).WithTag(ProfileView.TagOf(profile))
            : Problem.NotFound("billing profile", id);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, string[]? expand, bool? includeArchived, string? order, string? orderBy, MeteringDatabase database,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("expand", expand, ["apps"], errors);
        QueryWords.Check("order", order is null ? [] : [order], ["ASC", "DESC"], errors);
        QueryWords.Check("orderBy", orderBy is null ? [] : [orderBy], ["createdAt", "updatedAt", "default", "name"], errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        var column = orderBy switch { "updatedAt" => "p.updated_at", "default" => "p.is_default", "name" => "p.name", _ => "p.created_at" };
        var direction = order == "DESC" ? "desc" : "asc";
        return await Page.OfAsync(
            database, page, $"{ListSql} order by {column} {direction}, p.id {direction}", CountSql, new { archived = includeArchived ?? false },
            (ProfileRow row) => ProfileView.Of(row.ToProfile(), expand?.Contains("apps") ?? false), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string id, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await ProfileRow.LockAllAsync(session, cancellationToken);
        if (await ProfileRow.FindAsync(session, id, cancellationToken) is not { ArchivedAt: null } profile)
        {
            return Problem.NotFound("billing profile", id);
        }

        if (ifMatch.Refuse(ProfileView.TagOf(profile)) is { } stale)
        {
            return stale;
        }

        if (profile.IsDefault)
        {
            return Problem.Of(ProblemType.ActionNotAvailable, "The default profile is not deleted; make another one the default first.");
        }

        if (await session.SingleAsync<bool>(PinnedSql, new { profile.Id }, cancellationToken))
        {
            return Problem.Of(ProblemType.ActionNotAvailable, "Customers are pinned to the profile; delete their overrides first.");
        }

        var now = clock.GetCurrentInstant();
        await session.ExecuteAsync(ArchiveSql, new { profile.Id, now }, cancellationToken);
        var view = ProfileView.Of(profile);
        await AuditTrail.RecordAsync(session, new AuditEntry("billing_profile.delete", view.Id, now, view, null), cancellationToken);
        return await session.CommitAsync(Results.NoContent(), cancellationToken);
    }

    private const string ListSql = ProfileRow.SelectSql + " where @archived or p.archived_at is null";

    private const string CountSql = "select count(*) from invoicing.billing_profile p where @archived or p.archived_at is null";

    private const string PinnedSql = "select exists (select from invoicing.customer_override where billing_profile_id = @Id)";

    private const string ArchiveSql = "update invoicing.billing_profile set archived_at = @now, updated_at = @now where id = @Id";
}
