namespace Metering.EnforcementSidecar.Shares;

/// <summary>What a limit says of itself in a request for a share; the words are those of <see cref="Contracts.Sidecar.ShareRequest"/>.</summary>
internal readonly record struct ShareOffer(
    long Keeps, long FullInMicroseconds, long Units, long Needed, long Demand, long Wants, long RefillMicroseconds, long LingersMilliseconds);
