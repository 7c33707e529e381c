namespace Metering.EnforcementSidecar.Shares;

/// <summary>What became of an attempt to take from a limit that is divided among sidecars.</summary>
internal enum TakeOutcome
{
    Taken,

    /// <summary>The whole limit is reached, or Host said a moment ago that no more of it is to be had here.</summary>
    Denied,

    /// <summary>Only Host can tell; nothing is taken.</summary>
    NeedsShare,
}
