namespace Metering.EnforcementSidecar.Spooling;

/// <summary>One usage event on its way to Host.</summary>
/// <param name="Sequence">Rises by one; never used twice.</param>
/// <param name="Payload">A CloudEvent as UTF-8 JSON.</param>
internal sealed record SpoolRecord(long Sequence, byte[] Payload)
{
    /// <summary>Where the next record is to be found.</summary>
    public SpoolPosition After { get; init; }
}
