using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>
/// One line of the snapshot stream (newline-delimited JSON, <c>GET /api/v1/sidecar/snapshot</c>). Closed.
/// A stream opens with <see cref="SnapshotBegins"/>; customers follow; <see cref="SnapshotEnds"/> says that the
/// sidecar now knows everything up to that version. After that, changes and heartbeats arrive as they happen.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SnapshotBegins), "snapshot_begins")]
[JsonDerivedType(typeof(CustomerChanged), "customer_changed")]
[JsonDerivedType(typeof(SnapshotEnds), "snapshot_ends")]
[JsonDerivedType(typeof(Heartbeat), "heartbeat")]
[JsonDerivedType(typeof(Recall), "recall")]
[JsonDerivedType(typeof(ShareRecall), "share_recall")]
public abstract record SidecarMessage
{
    private protected SidecarMessage()
    {
    }
}

/// <summary>What follows is everything (<paramref name="Full"/>: forget what you knew) or all changes since the version asked for.</summary>
/// <param name="Full">True when customers that do not follow no longer exist.</param>
/// <param name="ReservationKey">Base64 of the key that signs reservations, the same for every sidecar of the deployment.</param>
/// <param name="Format">
/// What a reader has to know to decide from what follows: 1 (also when absent) from the beginning, 2 restricted credentials, 3 limits of size
/// and of requests in flight, and terms of reservations, 4 prepaid credit. A sidecar that reads a format it does not know decides nothing. It
/// is raised only for what would be allowed wrongly without that knowledge.
/// </param>
public sealed record SnapshotBegins(bool Full, string ReservationKey, int Format = 1) : SidecarMessage
{
    /// <summary>What the Host of this version writes and the sidecar of this version reads.</summary>
    public const int CurrentFormat = 4;
}

/// <summary>The whole current access of one customer; replaces what was known.</summary>
public sealed record CustomerChanged(long Version, CustomerAccess Customer) : SidecarMessage;

/// <summary>Everything up to and including <paramref name="Version"/> has been sent.</summary>
public sealed record SnapshotEnds(long Version) : SidecarMessage;

/// <summary>Sent every few seconds, and at once when the test clock moves or the number of sidecars changes.</summary>
/// <param name="Sequence">Rises with each heartbeat of the stream; a sidecar acknowledges the highest it has applied.</param>
/// <param name="Version">The newest snapshot version sent on this stream.</param>
/// <param name="Now">The product's time.</param>
/// <param name="ClockStands">True in sandbox mode: time is <paramref name="Now"/> until told otherwise.</param>
/// <param name="ActiveSidecars">How many sidecars there are, this one included; at least 1. Leases are sized by it.</param>
/// <param name="Rank">
/// Which of them this one is, from 0; for sidecars from before shares of limits were leased. Null: nobody says so.
/// </param>
public sealed record Heartbeat(
    long Sequence, long Version, Instant Now, bool ClockStands, int ActiveSidecars, int? Rank = null) : SidecarMessage;

/// <summary>The sidecar has applied everything up to this heartbeat (<c>POST /api/v1/sidecar/acknowledgements</c>).</summary>
public sealed record SidecarAcknowledgement(string SidecarId, long Sequence);

/// <summary>
/// Somebody waits for units of these entitlements and none are free: what the sidecar still holds of them is to be given back at once, in an
/// exchange that names this recall. Sent only to a sidecar that asked for the stream with <c>recalls=true</c>.
/// </summary>
/// <param name="Sequence">Of the recall; not that of a heartbeat.</param>
public sealed record Recall(long Sequence, ImmutableArray<string> EntitlementIds) : SidecarMessage;

/// <summary>
/// Somebody waits for a share of these limits. What the sidecar has beyond its target and does not use is to be given back at once, in an
/// exchange that names this recall. Sent only to a sidecar that asked for the stream with <c>shares=true</c>.
/// </summary>
/// <param name="Sequence">Of the recall; not that of a heartbeat.</param>
public sealed record ShareRecall(long Sequence, ImmutableArray<RecalledShare> Shares) : SidecarMessage;
