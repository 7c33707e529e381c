namespace Metering.EnforcementSidecar.Http;

/// <summary>The API key of a request: <c>Authorization: Bearer KEY</c>, else <c>X-Api-Key</c>.</summary>
internal static class Credential
{
    /// <summary>Empty when there is none.</summary>
    public static ReadOnlySpan<char> Of(IHeaderDictionary headers)
    {
        const string bearer = "Bearer ";
        var authorization = headers.Authorization.ToString();
        return authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization.AsSpan(bearer.Length).Trim()
            : headers[HeaderNames.ApiKey].ToString().AsSpan().Trim();
    }
}
