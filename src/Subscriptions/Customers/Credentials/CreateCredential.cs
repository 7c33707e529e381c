using System.Collections.Immutable;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Customers.Credentials;

/// <summary>
/// <c>POST /api/v1/customers/{idOrKey}/credentials</c>: an API key by which a gateway recognises the customer. Only the hash is stored; the
/// secret is answered once. It opens nothing in this API. It can be restricted to features and to a time, and name the application and the
/// agent that use it: customers of those levels, at or below the one whose key it is.
/// </summary>
internal static class CreateCredential
{
    private const int MaxPerCustomer = 1_000;
    private const int MaxFeatures = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/customers/{idOrKey}/credentials", CreateAsync)
        .RequireScope(Scope.CustomersWrite).Audited("credential.create")
        .WithName("createCredential").WithSummary("Give a customer an API key for the gateway").Produces<CreatedCredential>(201)
        .WithExample("""{"name":"Production"}""");

    private static async Task<IResult> CreateAsync(
        string idOrKey, CredentialBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        if (Check(body, now) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (await CustomerRow.FindForChangeAsync(session, idOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", idOrKey);
        }

        if (await RefuseOneMoreAsync(session, customer.Id, now, cancellationToken) is { } full)
        {
            return full;
        }

        var wrong = new FieldErrors();
        await CheckFeaturesAsync(session, body.Features, wrong, cancellationToken);
        var application = await FindUserAsync(session, customer, body.Application, CustomerLevel.Application, now, wrong, cancellationToken);
        var agent = await FindUserAsync(session, customer, body.Agent, CustomerLevel.Agent, now, wrong, cancellationToken);
        if (application is not null && agent is not null
            && !await CustomerTree.IsAtOrBelowAsync(session, agent.Id, application.Id, now, cancellationToken))
        {
            wrong.Add("/agent", "not_below", "The agent does not stand under the application.");
        }

        if (wrong.Any)
        {
            return wrong.ToResult();
        }

        var row = new CredentialRow(
            PublicId.New(now), customer.Id, body.Name, body.Features is { } features ? Metadata.ToJson(features) : null, application?.Id,
            agent?.Id, now, body.ExpiresAt, null, null);
        var secret = ApiKey.Generate("mtr_live");
        await session.ExecuteAsync(CredentialRow.InsertSql, row.ToParameters(secret.Hash()), cancellationToken);
        await SnapshotVersions.BumpAsync(session, [customer.Id], cancellationToken);
        var view = row.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("credential.create", view.Id, now, null, view), cancellationToken);
        var place = $"/api/v1/customers/{PublicId.Format(customer.Id)}/credentials/{view.Id}";
        return await session.CommitAsync(Results.Created(place, CreatedCredential.Of(view, secret.Secret)), cancellationToken);
    }

    /// <summary>Null when the customer may have one more.</summary>
    public static async Task<IResult?> RefuseOneMoreAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken) =>
        await session.SingleAsync<long>(CountSql, new { customerId, now }, cancellationToken) < MaxPerCustomer
            ? null
            : Problem.Of(ProblemType.Conflict, $"A customer has at most {MaxPerCustomer} credentials that work; revoke one first.");

    private static FieldErrors Check(CredentialBody body, Instant now)
    {
        var errors = new FieldErrors();
        Texts.Name(body.Name, "/name", errors);
        errors.AddIf(body.ExpiresAt <= now, "/expiresAt", "time_in_the_past", "A key expires in the future.");
        var features = body.Features ?? [];
        errors.AddIf(
            body.Features is { Length: 0 or > MaxFeatures }, "/features", "out_of_range",
            $"1 to {MaxFeatures} features are named, or the field is left out.");
        foreach (var (index, key) in features.Take(MaxFeatures).Index())
        {
            errors.AddIf(features.IndexOf(key) < index, $"/features/{index}", "duplicate", "The feature is named twice.");
        }

        return errors;
    }

    private static async Task CheckFeaturesAsync(
        DbSession session, ImmutableArray<string>? features, FieldErrors errors, CancellationToken cancellationToken)
    {
        var known = await FeatureRow.FindAllAsync(session, features ?? [], cancellationToken);
        foreach (var (index, key) in (features ?? []).Index())
        {
            errors.AddIf(key is null || !known.ContainsKey(key), $"/features/{index}", "unknown_feature", "There is no feature with this key.");
        }
    }

    private static async Task<CustomerRow?> FindUserAsync(
        DbSession session, CustomerRow customer, string? named, string level, Instant now, FieldErrors errors, CancellationToken cancellationToken)
    {
        if (named is null)
        {
            return null;
        }

        var pointer = "/" + level;
        if (await CustomerRow.FindAsync(session, named, cancellationToken) is not { DeletedAt: null } user)
        {
            errors.Add(pointer, "unknown_customer", "There is no such customer.");
            return null;
        }

        errors.AddIf(user.Level != level, pointer, "wrong_level", $"The customer is of the level {user.Level}.");
        var below = await CustomerTree.IsAtOrBelowAsync(session, user.Id, customer.Id, now, cancellationToken);
        errors.AddIf(!below, pointer, "not_below", "It stands neither under this customer nor is it this customer.");
        return user;
    }

    private const string CountSql = """
        select count(*)
        from subscriptions.credential
        where customer_id = @customerId and revoked_at is null and (expires_at is null or expires_at > @now)
        """;

    /// <param name="Features">Keys; absent: all that the customer has.</param>
    /// <param name="Application">Id or key of a customer of the level application.</param>
    /// <param name="Agent">Id or key of a customer of the level agent.</param>
    private sealed record CredentialBody(
        string Name,
        ImmutableArray<string>? Features = null,
        Instant? ExpiresAt = null,
        string? Application = null,
        string? Agent = null);
}
