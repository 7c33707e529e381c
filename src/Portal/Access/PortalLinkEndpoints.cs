using System.Diagnostics;
using Metering.Platform;
using Metering.Portal.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>
/// <c>/portal/link/{token}</c>: trades the token for a cookie and leaves at once, so that the secret stays in no address bar,
/// referrer or bookmark.
/// </summary>
internal static class PortalLinkEndpoints
{
    public static void MapPortalLinks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/portal/link/{token}", OpenAsync).AllowAnonymous();
        routes.MapPost("/portal/sign-out", SignOutAsync).RequirePortalSession();
    }

    private static async Task<IResult> OpenAsync(
        string token, HttpContext context, PortalAccess access, PageRenderer pages, MeteringOptions options, IClock clock,
        CancellationToken cancellationToken)
    {
        // The path is the secret; whoever reads traces must not get a link with them.
        Activity.Current?.SetTag("url.path", "/portal/link/{token}");
        if (await access.OpenSessionAsync(token, clock.GetCurrentInstant(), cancellationToken) is not { } secret)
        {
            return await pages.NoticeAsync(Notice.LinkExpired, StatusCodes.Status410Gone, context);
        }

        // Without an expiry of its own: the session ends by the product's clock, which the browser does not know.
        context.Response.Cookies.Append(PortalAuthentication.CookieName, secret, CookieOf(context.Request, options));
        PageRenderer.Protect(context.Response);
        return Results.Redirect("/portal");
    }

    private static async Task<IResult> SignOutAsync(
        HttpContext context, PortalAccess access, PageRenderer pages, MeteringOptions options, CancellationToken cancellationToken)
    {
        await access.CloseSessionAsync(context.Request.Cookies[PortalAuthentication.CookieName], cancellationToken);
        context.Response.Cookies.Delete(PortalAuthentication.CookieName, CookieOf(context.Request, options));
        return await pages.NoticeAsync(Notice.GoodBye, StatusCodes.Status200OK, context);
    }

    /// <summary>
    /// Lax, because the first visit comes from a mail or another site; no other site can post with it. Secure also behind a proxy
    /// that ends TLS: what is believed is the address that the operator gives out, not a header that anybody can send.
    /// </summary>
    private static CookieOptions CookieOf(HttpRequest request, MeteringOptions options) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = request.IsHttps || options.PublicUrl.Scheme == Uri.UriSchemeHttps,
        Path = "/portal",
        IsEssential = true,
    };
}
