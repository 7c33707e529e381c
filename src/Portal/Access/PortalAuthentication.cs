using System.Security.Claims;
using System.Text.Encodings.Web;
using Metering.Portal.Pages;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>The session cookie → which customer is asking. An API key opens no portal page, a cookie no API route.</summary>
internal sealed class PortalAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    PortalAccess access,
    PageRenderer pages,
    IClock clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Portal";
    public const string CookieName = "metering_portal";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var customer = await access.FindCustomerAsync(Request.Cookies[CookieName], clock.GetCurrentInstant(), Context.RequestAborted);
        if (customer is not { } id)
        {
            return AuthenticateResult.NoResult();
        }

        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id.ToString())], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var page = await pages.NoticeAsync(Notice.SignedOut, StatusCodes.Status401Unauthorized, Context);
        await page.ExecuteAsync(Context);
    }
}

internal static class PortalAuthenticationExtensions
{
    public static void AddPortalAuthentication(this IServiceCollection services) =>
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, PortalAuthentication>(PortalAuthentication.SchemeName, null);

    /// <summary>Only with a session.</summary>
    public static TBuilder RequirePortalSession<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(new AuthorizationPolicyBuilder(PortalAuthentication.SchemeName).RequireAuthenticatedUser().Build());

    /// <summary>Whose session it is; only on routes that require one.</summary>
    public static Guid CustomerId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier)!);
}
