namespace Metering.EnforcementSidecar.Deciding;

/// <summary>
/// What makes two checks the same request. The customer is part of it: ids of one customer mean nothing to another. So is who the key names:
/// one reservation is one agent's.
/// </summary>
internal readonly record struct RepeatableRequest(
    string CustomerId, string FeatureKey, long Units, string RequestId, string? ApplicationId, string? AgentId);
