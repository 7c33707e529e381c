using System.Security.Claims;

namespace Metering.Platform.Security;

/// <summary>The holder of a valid key.</summary>
public sealed record KnownApiKey(Guid Id, string Name, Role Role, IngestQuota? IngestQuota)
{
    /// <summary>The same for every request of the key; nobody changes it.</summary>
    public ClaimsPrincipal Principal { get; } = new(new ClaimsIdentity(
        [
            .. Role.Scopes.Select(scope => new Claim(ApiKeyAuthentication.ScopeClaim, scope)),
            new Claim(ClaimTypes.NameIdentifier, Id.ToString()),
            new Claim(ClaimTypes.Name, Name),
            new Claim(ClaimTypes.Role, Role.Name),
        ],
        ApiKeyAuthentication.SchemeName));
}
