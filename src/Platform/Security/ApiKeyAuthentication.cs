using System.Text.Encodings.Web;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary><c>Authorization: Bearer KEY</c> → the key's scopes as claims.</summary>
public sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    ApiKeyStore store,
    RecentApiKeys recent,
    IClock clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string ScopeClaim = "scope";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (SecretOf(Request) is not { } secret)
        {
            return AuthenticateResult.NoResult();
        }

        if (await FindAsync(secret) is not { } known)
        {
            return AuthenticateResult.Fail("unknown key");
        }

        Context.Features.Set(known);
        return AuthenticateResult.Success(new AuthenticationTicket(known.Principal, SchemeName));
    }

    /// <summary>The API key that a request brings; null when it brings none.</summary>
    internal static string? SecretOf(HttpRequest request)
    {
        const string bearer = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) && header.Length <= bearer.Length + ApiKey.MaxLength
            ? header[bearer.Length..].Trim()
            : null;
    }

    /// <summary>Only what the database has just said is remembered, so that a revoked key is not remembered from memory.</summary>
    private async Task<KnownApiKey?> FindAsync(string secret)
    {
        if (recent.Find(secret) is { } remembered)
        {
            return remembered;
        }

        var known = await store.FindAsync(secret, clock.GetCurrentInstant(), Context.RequestAborted);
        if (known is not null)
        {
            recent.Remember(secret, known);
        }

        return known;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Of(ProblemType.Unauthenticated, "Send an API key as Authorization: Bearer.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problem.Of(ProblemType.Forbidden, "The API key lacks the scope that this route requires.").ExecuteAsync(Context);
}
