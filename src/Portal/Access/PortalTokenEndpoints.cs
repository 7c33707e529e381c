using System.Text.RegularExpressions;
using Metering.Ingest.Meters;
using Metering.Platform;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;

namespace Metering.Portal.Access;

/// <summary><c>/api/v1/portal/tokens</c>: links for customers. A token is answered once, at creation.</summary>
internal static partial class PortalTokenEndpoints
{
    private const int MaxMeters = 100;
    private const int MaxSlugLength = 64;
    private static readonly Duration DefaultLifetime = Duration.FromHours(24);
    private static readonly Duration MinLifetime = Duration.FromMinutes(1);
    private static readonly Duration MaxLifetime = Duration.FromDays(30);

    public static void MapPortalTokens(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/portal/tokens", CreateAsync).RequireScope(Scope.CustomersWrite).Audited("portal_token.create")
            .WithName("createPortalToken").WithSummary("Create a link to the portal for a customer").Produces<PortalToken>()
            .WithTags("Portal")
            .WithExample("""{"customerKey":"acme","expiresAfter":"PT24H"}""", "createCustomer");
        routes.MapPost("/api/v1/portal/tokens/invalidate", InvalidateAsync)
            .RequireScope(Scope.CustomersWrite).Audited("portal_token.invalidate")
            .WithName("invalidatePortalTokens").WithSummary("End links to the portal").Produces(204)
            .WithTags("Portal")
            .WithExample("""{"subject":"acme-app"}""", "createPortalToken");
    }

    private static async Task<IResult> CreateAsync(
        CreatePortalToken request, CustomerReader customers, MeterCatalog meters, MeteringDatabase database, MeteringOptions options, IClock clock,
        CancellationToken cancellationToken)
    {
        if (new[] { request.Subject, request.CustomerId, request.CustomerKey }.Count(name => name is not null) != 1)
        {
            return Problem.Invalid("", "one_of", "Name the customer by exactly one of subject, customerId and customerKey.");
        }

        if (request.AllowedMeterSlugs is { } slugs && (slugs.Length > MaxMeters || !slugs.All(slug => slug is { Length: >= 1 and <= MaxSlugLength })))
        {
            return Problem.Invalid(
                "/allowedMeterSlugs", "invalid_value", $"At most {MaxMeters} slugs of 1 to {MaxSlugLength} characters; without any, every meter.");
        }

        foreach (var (index, slug) in (request.AllowedMeterSlugs ?? []).Index())
        {
            if (await meters.FindAsync(slug, cancellationToken) is not { } meter || meter.Slug != slug)
            {
                return Problem.Invalid($"/allowedMeterSlugs/{index}", "unknown_meter", "There is no meter with this slug.");
            }
        }

        if (!TryReadLifetime(request.ExpiresAfter, out var lifetime))
        {
            return Problem.Invalid("/expiresAfter", "invalid_duration", "A duration in days and time between PT1M and P30D, such as PT24H.");
        }

        if (await FindCustomerAsync(request, customers, cancellationToken) is not { } customer)
        {
            var (pointer, text) = request switch
            {
                { Subject: { } subject } => ("/subject", $"No customer has the subject '{subject}'."),
                { CustomerId: not null } => ("/customerId", "There is no such customer."),
                _ => ("/customerKey", "There is no such customer."),
            };
            return Problem.Invalid(pointer, "unknown_customer", text);
        }

        var now = clock.GetCurrentInstant();
        var link = new PortalLink
        {
            Id = PublicId.New(now),
            CustomerId = customer.Id,
            Subject = request.Subject ?? customer.SubjectKeys.FirstOrDefault(),
            CreatedAt = now,
            ExpiresAt = now + lifetime,
            AllowedMeters = request.AllowedMeterSlugs is { Length: > 0 } allowed ? [.. allowed.Distinct(StringComparer.Ordinal)] : null,
            BySubject = request.Subject is not null,
        };
        await using var session = await database.BeginAsync(cancellationToken);
        var token = await PortalAccess.IssueLinkAsync(session, link, now, cancellationToken);
        var url = link.AllowedMeters is null ? new Uri(options.PublicUrl, $"/portal/link/{token}").ToString() : null;
        return await session.CommitAsync(Results.Ok(PortalToken.Of(link, now) with { Token = token, Url = url }), cancellationToken);
    }

    private static async Task<IResult> InvalidateAsync(
        InvalidatePortalTokens request, PortalAccess access, IClock clock, CancellationToken cancellationToken)
    {
        if (request is { Id: null, Subject: null })
        {
            return Problem.Invalid("", "one_of", "Name a token by its id, or all of a subject.");
        }

        Guid? id = null;
        if (request.Id is { } text)
        {
            if (!PublicId.TryParse(text, out var parsed))
            {
                return Problem.Invalid("/id", "invalid_id", "An id has 26 characters.");
            }

            id = parsed;
        }

        await access.RevokeAsync(id, request.Subject, clock.GetCurrentInstant(), cancellationToken);
        return Results.NoContent();
    }

    private static Task<CustomerAccount?> FindCustomerAsync(
        CreatePortalToken request, CustomerReader customers, CancellationToken cancellationToken) =>
        request switch
        {
            { Subject: { } subject } => customers.FindBySubjectAsync(subject, cancellationToken),
            { CustomerId: { } text } => PublicId.TryParse(text, out var id)
                ? customers.FindAsync(id, cancellationToken)
                : Task.FromResult<CustomerAccount?>(null),
            _ => customers.FindAsync(request.CustomerKey!, cancellationToken),
        };

    private static bool TryReadLifetime(string? text, out Duration lifetime)
    {
        lifetime = DefaultLifetime;
        if (text is null)
        {
            return true;
        }

        if (!LifetimeForm().IsMatch(text) || PeriodPattern.NormalizingIso.Parse(text) is not { Success: true } parsed)
        {
            return false;
        }

        lifetime = parsed.Value.ToDuration();
        return lifetime >= MinLifetime && lifetime <= MaxLifetime;
    }

    /// <summary>Few digits each: the parser throws at numbers that do not fit, and their sum has to fit as well.</summary>
    [GeneratedRegex(@"\AP(?:[0-9]{1,3}W)?(?:[0-9]{1,3}D)?(?:T(?:[0-9]{1,7}[HMS]){1,3})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LifetimeForm();
}

/// <summary>
/// Asks for a link for the customer named by one of the three. A subject names the customer it belongs to; the portal shows
/// the customer's account.
/// </summary>
/// <param name="ExpiresAfter">ISO 8601 in days and time, PT1M to P30D; PT24H unless said.</param>
/// <param name="AllowedMeterSlugs">The token is for asking about these meters alone, and opens no page.</param>
internal sealed record CreatePortalToken(
    string? Subject = null, string? CustomerId = null, string? CustomerKey = null, string? ExpiresAfter = null,
    string[]? AllowedMeterSlugs = null);

/// <param name="Expired">Also when it was invalidated.</param>
/// <param name="Token">Only in the answer that makes it.</param>
/// <param name="Url">Only in that answer, and only when the link opens pages.</param>
internal sealed record PortalToken(
    string Id, string CustomerId, string? Subject, string[]? AllowedMeterSlugs, Instant CreatedAt, Instant ExpiresAt, bool Expired,
    string? Token = null, string? Url = null)
{
    public static PortalToken Of(PortalLink link, Instant now) => new(
        PublicId.Format(link.Id), PublicId.Format(link.CustomerId), link.Subject, link.AllowedMeters, link.CreatedAt, link.ExpiresAt,
        link.ExpiresAt <= now || link.RevokedAt is not null);
}

/// <summary>Asks that links end now.</summary>
internal sealed record InvalidatePortalTokens(string? Id = null, string? Subject = null);
