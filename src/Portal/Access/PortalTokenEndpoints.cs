using System.Text.RegularExpressions;
using Metering.Platform;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
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
    private static readonly Duration DefaultLifetime = Duration.FromHours(24);
    private static readonly Duration MinLifetime = Duration.FromMinutes(1);
    private static readonly Duration MaxLifetime = Duration.FromDays(30);

    public static void MapPortalTokens(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/portal/tokens", CreateAsync).RequireScope(Scope.CustomersWrite).Audited("portal_token.create");
        routes.MapPost("/api/v1/portal/tokens/invalidate", InvalidateAsync)
            .RequireScope(Scope.CustomersWrite).Audited("portal_token.invalidate");
    }

    private static async Task<IResult> CreateAsync(
        CreatePortalToken request, CustomerReader customers, MeteringDatabase database, MeteringOptions options, IClock clock,
        CancellationToken cancellationToken)
    {
        if (new[] { request.Subject, request.CustomerId, request.CustomerKey }.Count(name => name is not null) != 1)
        {
            return Problem.Invalid("", "one_of", "Name the customer by exactly one of subject, customerId and customerKey.");
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
        var expiresAt = now + lifetime;
        var subjectKey = request.Subject ?? customer.SubjectKeys.FirstOrDefault();
        await using var session = await database.BeginAsync(cancellationToken);
        var (link, token) = await PortalAccess.IssueLinkAsync(session, customer.Id, subjectKey, expiresAt, now, cancellationToken);
        var answer = new PortalToken(
            PublicId.Format(link.Id), PublicId.Format(customer.Id), subjectKey, token, now, expiresAt, false,
            new Uri(options.PublicUrl, $"/portal/link/{token}").ToString());
        return await session.CommitAsync(Results.Ok(answer), cancellationToken);
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
internal sealed record CreatePortalToken(
    string? Subject = null, string? CustomerId = null, string? CustomerKey = null, string? ExpiresAfter = null);

/// <summary>The only answer that ever holds the token.</summary>
internal sealed record PortalToken(
    string Id, string CustomerId, string? Subject, string Token, Instant CreatedAt, Instant ExpiresAt, bool Expired, string Url);

/// <summary>Asks that links end now.</summary>
internal sealed record InvalidatePortalTokens(string? Id = null, string? Subject = null);
