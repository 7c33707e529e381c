namespace Metering.Contracts.Sidecar;

/// <summary>
/// What a sidecar keeps of a limit and what it would like to have. From the moment it says so it lets no more through than what it keeps, until
/// the answer to this very request is there.
/// </summary>
/// <param name="Limit">Which limit.</param>
/// <param name="Sequence">Rises with each request of a process; what comes after a later one is not applied.</param>
/// <param name="Keeps">Parts; never more than the server has given.</param>
/// <param name="FullInMicroseconds">Until a bucket of what is kept would be full again; that of what is given back is as full.</param>
/// <param name="Units">Of the whole limit: places, or the burst of a rate. The server gives whole units.</param>
/// <param name="Needed">Units that a request which waits has to have; 0 when none waits.</param>
/// <param name="Demand">Units that would do for what has come of late.</param>
/// <param name="Wants">Units that the sidecar would take if nobody else wants them; 0 gives all but <paramref name="Keeps"/> back.</param>
/// <param name="RefillMicroseconds">An empty bucket is full after that; 0 for places.</param>
/// <param name="LingersMilliseconds">How long requests that were let through may go on after the share is over; 0 for a rate.</param>
public sealed record ShareRequest(
    SharedLimit Limit,
    long Sequence,
    long Keeps,
    long FullInMicroseconds,
    long Units,
    long Needed,
    long Demand,
    long Wants,
    long RefillMicroseconds,
    long LingersMilliseconds);
