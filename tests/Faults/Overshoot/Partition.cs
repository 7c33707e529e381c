namespace Metering.Faults.Overshoot;

/// <summary>What a network between a sidecar and Host can do.</summary>
internal enum Partition
{
    /// <summary>Everything passes.</summary>
    None,

    /// <summary>Connections break and no new one is taken: both sides know at once.</summary>
    Refused,

    /// <summary>Nothing passes and nothing breaks; what was sent arrives when the partition is over, as TCP sends again what was not heard.</summary>
    Stalled,

    /// <summary>Requests arrive and are carried out; what is answered vanishes, and nobody is told.</summary>
    AnswersLost,
}
