namespace Metering.EnforcementSidecar.Spooling;

/// <summary>Where the record with a sequence number is to be found.</summary>
/// <param name="Segment">Path; null when it has to be looked for.</param>
internal readonly record struct SpoolPosition(string? Segment, long Offset, long Sequence);
