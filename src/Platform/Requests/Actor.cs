using System.Security.Claims;
using Metering.Platform.Identifiers;
using Metering.Platform.Security;

namespace Metering.Platform.Requests;

/// <summary>Who does something: the holder of an API key, somebody who is signed in to a page, or the system by itself.</summary>
/// <param name="Kind"><c>api_key</c>, <c>system</c>, or the name of another way to sign in, such as <c>portal</c>.</param>
/// <param name="Id">The public id of the key (or of who is signed in); <c>system</c> for the system.</param>
/// <param name="Role">Of the API key; null for others.</param>
public sealed record Actor(string Kind, string Id, string Name, string? Role)
{
    public static readonly Actor System = new("system", "system", "system", null);

    /// <summary>Who asked for what is being done now; the system when nobody did: schedules, messages, the first start.</summary>
    public static Actor Current => RequestContext.Current?.Actor ?? System;

    internal static Actor Of(ClaimsPrincipal user)
    {
        var scheme = user.Identity?.AuthenticationType;
        if (user.FindFirstValue(ClaimTypes.NameIdentifier) is not { } id || scheme is null)
        {
            return new Actor("anonymous", "anonymous", "anonymous", null);
        }

        var shown = Guid.TryParse(id, out var guid) ? PublicId.Format(guid) : id;
        var kind = scheme == ApiKeyAuthentication.SchemeName ? "api_key" : scheme.ToLowerInvariant();
        return new Actor(kind, shown, user.FindFirstValue(ClaimTypes.Name) ?? shown, user.FindFirstValue(ClaimTypes.Role));
    }
}
