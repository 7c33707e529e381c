using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One customer as the snapshot says it, before it is made into a <see cref="CustomerEntry"/>. Valid until the next is read.</summary>
internal readonly ref struct CustomerDraft
{
    public required CompactId Id { get; init; }

    public required string Subject { get; init; }

    public required CustomerStatus Status { get; init; }

    public required ReadOnlySpan<KeyDraft> Keys { get; init; }

    public required ReadOnlySpan<FeatureGrant> Features { get; init; }
}
