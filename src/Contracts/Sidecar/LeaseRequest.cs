namespace Metering.Contracts.Sidecar;

/// <summary>Asks for units of a metered entitlement.</summary>
/// <param name="LeaseId">A new 26-character id; asking again under the same id returns the first answer.</param>
/// <param name="EntitlementId">Whose units.</param>
/// <param name="Wanted">What the sidecar would like, at least <paramref name="Needed"/>; the server may grant less.</param>
/// <param name="Needed">What a request is waiting for right now (0 for a refill ahead of need): below it the answer is Exhausted.</param>
public sealed record LeaseRequest(string LeaseId, string EntitlementId, long Wanted, long Needed);
