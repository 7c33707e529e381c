namespace Metering.Faults.Overshoot;

/// <summary>What breaks while reserves are made.</summary>
internal enum Trouble
{
    /// <summary>SIGKILL to a sidecar, which is started again and finds what it had written down.</summary>
    SidecarKilled,

    /// <summary>SIGSTOP to a sidecar, for longer than its leases last, then SIGCONT.</summary>
    SidecarPaused,

    /// <summary>A sidecar and Host are parted, one way or another, for longer than its leases last.</summary>
    Parted,

    /// <summary>SIGKILL to PostgreSQL, which recovers from its log.</summary>
    PostgresKilled,
}
