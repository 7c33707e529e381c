namespace Metering.Subscriptions.Leases;

/// <summary>The bounds of leases. Times are real ones: a sandbox's clock may stand still while sidecars go on.</summary>
internal static class LeaseTerms
{
    /// <summary>How much later the server counts a lease as expired: it learns of the grant after the sidecar has asked.</summary>
    public const int GraceMilliseconds = 5_000;

    public const int MaxSidecarIdLength = 128;
    public const int MaxReports = 1_000;
    public const int MaxRequests = 1_000;

    /// <summary>Far above what one sidecar spends in the life of a lease, far below what 64 bits can add up.</summary>
    public const long MaxUnits = 1_000_000_000_000;

    /// <summary>More usage than this is this much: enough to exhaust every cap, with room for sums.</summary>
    public const long MaxMetered = 1_000_000_000_000_000_000;
}
