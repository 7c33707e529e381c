namespace Metering.EnforcementSidecar.Reservations;

/// <summary>An admitted request. The id carries the product time of the check.</summary>
/// <param name="ApplicationId">Of 26 characters: the application that the key named, if any.</param>
/// <param name="AgentId">Of 26 characters: the agent that the key named, if any.</param>
internal readonly record struct Reservation(
    UInt128 Id, string CustomerId, string FeatureKey, long Units, string? ApplicationId = null, string? AgentId = null);
