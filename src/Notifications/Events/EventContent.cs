namespace Metering.Notifications.Events;

/// <summary>What an event tells, before any rule is asked about it.</summary>
/// <param name="Data">JSON: the payload's data.</param>
internal sealed record EventContent(Guid? CustomerId, Guid? FeatureId, string? FeatureKey, string? Subject, string Data);
