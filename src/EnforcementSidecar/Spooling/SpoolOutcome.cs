namespace Metering.EnforcementSidecar.Spooling;

/// <summary>What became of an event given to the spool.</summary>
internal enum SpoolOutcome
{
    /// <summary>On disk; it will reach Host whatever happens to this process.</summary>
    Stored,

    /// <summary>Host has been away for so long that there is no room left.</summary>
    Full,

    /// <summary>The disk refused.</summary>
    NotWritable,

    /// <summary>The process is stopping.</summary>
    Closed,
}
