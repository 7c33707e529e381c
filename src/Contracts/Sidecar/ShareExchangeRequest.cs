using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>Shares of limits, all that are due at once in one call (<c>POST /api/v1/sidecar/shares</c>). Safe to repeat.</summary>
/// <param name="SidecarId">Stable over restarts.</param>
/// <param name="Start">Which start of the sidecar; rises. What an earlier process had is over when a later one speaks.</param>
/// <param name="Shares">At most 1,000.</param>
/// <param name="AnsweredRecall">The recall that the requests answer; null when nothing was recalled.</param>
public sealed record ShareExchangeRequest(string SidecarId, long Start, ImmutableArray<ShareRequest> Shares, long? AnsweredRecall = null);
