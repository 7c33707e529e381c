using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Shares;

/// <summary>One request for a share, underway.</summary>
/// <param name="SentAt">Monotonic; before Host could have answered.</param>
internal sealed record ShareQuestion(ShareAccount Account, ShareRequest Request, long SentAt);
