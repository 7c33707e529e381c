using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Platform.Security;

/// <summary>Default deny: a route without <see cref="RequireScope"/> (or an explicit <c>AllowAnonymous</c>) is closed to everyone.</summary>
public static class ScopeAuthorization
{
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(new AuthorizationPolicyBuilder(ApiKeyAuthentication.SchemeName)
            .RequireClaim(ApiKeyAuthentication.ScopeClaim, scope)
            .Build());

    /// <summary>Where there is no route, the answer is 404 or 405; only routes that forgot to say who may use them are closed.</summary>
    private static bool HasRoute(object? resource) =>
        resource is not HttpContext http || http.GetEndpoint() is { } endpoint && endpoint is RouteEndpoint;

    internal static void AddScopeAuthorization(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<RecentApiKeys>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(ApiKeyAuthentication.SchemeName)
                .RequireAuthenticatedUser()
                .RequireAssertion(context => !HasRoute(context.Resource))
                .Build());
    }
}
