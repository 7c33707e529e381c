namespace Metering.Faults.Driver;

/// <summary>What breaks while events are sent.</summary>
internal enum Fault
{
    /// <summary>SIGKILL to Host, which is started again: what it had taken and not acknowledged is delivered once more.</summary>
    HostKilled,

    /// <summary>The broker is stopped as by an operator, and started again.</summary>
    BrokerRestarted,

    /// <summary>SIGKILL to the broker.</summary>
    BrokerKilled,

    /// <summary>SIGKILL to PostgreSQL, which recovers from its log.</summary>
    PostgresKilled,

    /// <summary>The connection breaks after PostgreSQL has committed a batch and before Host hears of it.</summary>
    CommitCut,
}
