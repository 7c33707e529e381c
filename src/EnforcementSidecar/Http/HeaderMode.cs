namespace Metering.EnforcementSidecar.Http;

/// <summary>In which words an answer tells what is left: <c>METERING_SIDECAR_HEADERS</c>.</summary>
internal enum HeaderMode
{
    /// <summary><c>RateLimit</c> and <c>RateLimit-Policy</c> of the IETF's draft.</summary>
    Ietf,

    /// <summary>The names that Kong's rate limiting plugins use.</summary>
    Kong,

    Both,

    /// <summary>Nothing is told but <c>Retry-After</c>, which a denial owes its client.</summary>
    None,
}
