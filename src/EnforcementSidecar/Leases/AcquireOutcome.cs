namespace Metering.EnforcementSidecar.Leases;

/// <summary>What became of asking Host.</summary>
internal enum AcquireOutcome
{
    /// <summary>Host answered; try to spend again.</summary>
    Answered,

    /// <summary>Host knows of no such entitlement now, although the snapshot does.</summary>
    UnknownEntitlement,

    /// <summary>Host did not answer in time, or there is no slot left to write the lease down.</summary>
    Unavailable,
}
