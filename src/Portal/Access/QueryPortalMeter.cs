using Metering.Ingest.Usage;
using Metering.Platform.Problems;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Portal.Access;

/// <summary>
/// <c>GET /api/v1/portal/meters/{meterSlug}/query</c>: a meter query that a customer asks with a portal token, about its own usage: that of
/// the subject that the token names, or of all the customer's subjects.
/// </summary>
internal static class QueryPortalMeter
{
    public static void MapQueryPortalMeter(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/portal/meters/{meterSlug}/query", QueryAsync).RequirePortalToken()
            .WithName("queryPortalMeter").WithSummary("Read the usage of a portal token's subject").WithTags("Portal");

    private static async Task<IResult> QueryAsync(
        string meterSlug, HttpContext http, MeterQueries queries, CustomerReader customers, CancellationToken cancellationToken)
    {
        var link = http.PortalLink();
        if (link.AllowedMeters is { } allowed && !allowed.Contains(meterSlug))
        {
            return Problem.Of(ProblemType.Forbidden, "The token is for other meters.");
        }

        if (link is { BySubject: true, Subject: { } subject })
        {
            return await queries.AnswerAboutAsync([subject], meterSlug, http.Request, cancellationToken);
        }

        return await customers.FindAsync(link.CustomerId, cancellationToken) is { } customer
            ? await queries.AnswerAboutAsync(customer.SubjectKeys, meterSlug, http.Request, cancellationToken)
            : Problem.Of(ProblemType.Forbidden, "The customer of the token is no more.");
    }
}
