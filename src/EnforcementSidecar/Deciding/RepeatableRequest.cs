namespace Metering.EnforcementSidecar.Deciding;

/// <summary>What makes two checks the same request. The customer is part of it: ids of one customer mean nothing to another.</summary>
internal readonly record struct RepeatableRequest(string CustomerId, string FeatureKey, long Units, string RequestId);
