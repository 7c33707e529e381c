using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Subjects;

/// <summary>
/// <c>/api/v1/subjects</c>: words about subjects, such as a name to show. Nothing depends on them: usage is recorded whether or not its
/// subject has any, and whose usage it is, customers say.
/// </summary>
internal static class SubjectEndpoints
{
    private const string Path = "/api/v1/subjects";
    private const int MaxListed = 10_000;
    private const int MaxPerRequest = 1_000;

    public static void MapSubjects(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).RequireScope(Scope.CustomersRead)
            .WithName("listSubjects").WithSummary("List subjects that have words").Produces<SubjectView[]>();
        routes.MapGet(Path + "/{idOrKey}", GetAsync).RequireScope(Scope.CustomersRead)
            .WithName("getSubject").WithSummary("Read the words of a subject").Produces<SubjectView>();
        routes.MapPost(Path, UpsertAsync).RequireScope(Scope.CustomersWrite).Audited("subject.upsert")
            .WithName("upsertSubject").WithSummary("Give subjects words, such as a name").Produces<SubjectView[]>()
            .WithExample("""[{"key":"acme-app","displayName":"Acme app","metadata":{"region":"eu"}}]""");
        routes.MapDelete(Path + "/{idOrKey}", DeleteAsync).RequireScope(Scope.CustomersWrite).Audited("subject.delete")
            .WithName("deleteSubject").WithSummary("Forget the words of a subject").Produces(204);
    }

    private static async Task<IResult> ListAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return Results.Ok((await SubjectRow.ListAsync(session, MaxListed, cancellationToken)).Select(row => row.ToView()));
    }

    private static async Task<IResult> GetAsync(string idOrKey, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await SubjectRow.FindAsync(session, idOrKey, cancellationToken) is { } row
            ? Results.Ok(row.ToView()).WithTag(EntityTag.Of(row.ToView()))
            : Problem.NotFound("subject", idOrKey);
    }

    /// <summary>A field that is absent stays as it is; a null empties it.</summary>
    private static async Task<IResult> UpsertAsync(
        SubjectBody[] subjects, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var errors = Check(subjects).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        if (subjects.Length == 0)
        {
            return Results.Ok(Array.Empty<SubjectView>());
        }

        var now = clock.GetCurrentInstant();
        var views = new List<SubjectView>();
        await using var session = await database.BeginAsync(cancellationToken);
        await SubjectRow.LockAsync(session, [.. subjects.Select(subject => subject.Key)], cancellationToken);
        foreach (var body in subjects)
        {
            var before = await SubjectRow.FindByKeyAsync(session, body.Key, cancellationToken);
            var after = await SubjectRow.SaveAsync(session, before, body, now, cancellationToken);
            var entry = new AuditEntry("subject.upsert", after.ToView().Id, now, before?.ToView(), after.ToView());
            await AuditTrail.RecordAsync(session, entry, cancellationToken);
            views.Add(after.ToView());
        }

        return await session.CommitAsync(Results.Ok(views), cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string idOrKey, IfMatch ifMatch, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubjectRow.FindAsync(session, idOrKey, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subject", idOrKey);
        }

        if (ifMatch.Refuse(EntityTag.Of(row.ToView())) is { } stale)
        {
            return stale;
        }

        await SubjectRow.DeleteAsync(session, row.Id, now, cancellationToken);
        await AuditTrail.RecordAsync(session, new AuditEntry("subject.delete", row.ToView().Id, now, row.ToView(), null), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private static IEnumerable<FieldError> Check(SubjectBody[] subjects)
    {
        if (subjects.Length > MaxPerRequest)
        {
            return [new FieldError("", "too_many", $"A request holds at most {MaxPerRequest} subjects.")];
        }

        var repeated = subjects.Index().GroupBy(subject => subject.Item?.Key, StringComparer.Ordinal).SelectMany(group => group.Skip(1));
        return subjects.Index().SelectMany(subject => subject.Item?.Check($"/{subject.Index}") ?? [NotAnObject(subject.Index)])
            .Concat(repeated.Where(subject => subject.Item is not null)
                .Select(subject => new FieldError($"/{subject.Index}/key", "duplicate", "The subject is named twice.")));
    }

    private static FieldError NotAnObject(int index) => new($"/{index}", "invalid_type", "A subject is an object.");
}
