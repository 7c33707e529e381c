using System.Collections.Concurrent;
using System.Security.Claims;
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
        const string bearer = "Bearer ";
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) || header.Length > ApiKey.MaxLength)
        {
            return AuthenticateResult.NoResult();
        }

        var secret = header[bearer.Length..].Trim();
        var known = recent.Find(secret) ?? await store.FindAsync(secret, clock.GetCurrentInstant(), Context.RequestAborted);
        if (known is null)
        {
            return AuthenticateResult.Fail("unknown key");
        }

        recent.Remember(secret, known);
        var claims = known.Role.Scopes.Select(scope => new Claim(ScopeClaim, scope))
            .Append(new Claim(ClaimTypes.NameIdentifier, known.Id.ToString()))
            .Append(new Claim(ClaimTypes.Name, known.Name));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, SchemeName)), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Of(ProblemType.Unauthenticated, "Send an API key as Authorization: Bearer.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problem.Of(ProblemType.Forbidden, "The API key lacks the scope that this route requires.").ExecuteAsync(Context);
}

/// <summary>Spares the database a look-up per request; a revoked key works for at most <see cref="Lifetime"/> longer.</summary>
public sealed class RecentApiKeys(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private const int Capacity = 4_096;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    public KnownApiKey? Find(string secret) =>
        entries.TryGetValue(HashKey(secret), out var entry) && time.GetElapsedTime(entry.At) < Lifetime ? entry.Key : null;

    public void Remember(string secret, KnownApiKey key)
    {
        var hash = HashKey(secret);
        if (entries.TryGetValue(hash, out var entry) && time.GetElapsedTime(entry.At) < Lifetime)
        {
            return;
        }

        if (entries.Count >= Capacity)
        {
            entries.Clear();
        }

        entries[hash] = new Entry(key, time.GetTimestamp());
    }

    private static string HashKey(string secret) => Convert.ToHexString(ApiKey.HashOf(secret));

    private sealed record Entry(KnownApiKey Key, long At);
}
