using System.Security.Claims;
using System.Text.Encodings.Web;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>
/// A portal token as <c>Authorization: Bearer</c> → the link it belongs to. It opens the usage queries of the portal and nothing else.
/// </summary>
internal sealed class PortalTokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    PortalAccess access,
    IClock clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "PortalToken";
    private const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || await access.FindLinkAsync(header[Bearer.Length..].Trim(), clock.GetCurrentInstant(), Context.RequestAborted) is not { } link)
        {
            return AuthenticateResult.NoResult();
        }

        Context.Features.Set(link);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, link.Id.ToString())], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Of(ProblemType.Unauthenticated, "Send a portal token that is valid as Authorization: Bearer.").ExecuteAsync(Context);
    }
}

internal static class PortalTokenAuthenticationExtensions
{
    public static void AddPortalTokenAuthentication(this IServiceCollection services) =>
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, PortalTokenAuthentication>(PortalTokenAuthentication.SchemeName, null);

    /// <summary>Only with a portal token.</summary>
    public static TBuilder RequirePortalToken<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(
            new AuthorizationPolicyBuilder(PortalTokenAuthentication.SchemeName).RequireAuthenticatedUser().Build());

    /// <summary>Whose token it is; only on routes that require one.</summary>
    public static PortalLink PortalLink(this HttpContext context) => context.Features.GetRequiredFeature<PortalLink>();
}
