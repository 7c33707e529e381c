namespace Metering.EnforcementSidecar.Leases;

/// <summary>What became of an attempt to spend from memory.</summary>
internal enum SpendOutcome
{
    Spent,

    /// <summary>Host said a moment ago that less than this is left.</summary>
    Exhausted,

    /// <summary>Only Host can tell.</summary>
    NeedsUnits,
}
