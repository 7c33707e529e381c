namespace Metering.Contracts.Sidecar;

/// <summary>How calls of a model are reserved before they are forwarded.</summary>
/// <param name="Mode">An upper bound, or what is usual.</param>
/// <param name="Counts">Which tokens are units.</param>
/// <param name="DefaultOutputTokens">Of one answer, where the client does not say how long it may be.</param>
/// <param name="MaxOutputTokens">Of one answer; a client that asks for more gets this.</param>
/// <param name="OverheadBytes">What the provider puts around the client's text, at most.</param>
/// <param name="MaxContextTokens">The largest input that the model reads: reserved where nothing else bounds it. Null: such calls are denied.</param>
/// <param name="OnOrphan">What happens when nobody settles.</param>
/// <param name="UpstreamTimeoutSeconds">When the gateway gives the provider up.</param>
/// <param name="GraceSeconds">How much later a settlement may come.</param>
public sealed record ReservationTerms(
    ReservationMode Mode,
    CountedTokens Counts,
    long DefaultOutputTokens,
    long MaxOutputTokens,
    long OverheadBytes,
    long? MaxContextTokens,
    OrphanPolicy OnOrphan,
    int UpstreamTimeoutSeconds,
    int GraceSeconds);
