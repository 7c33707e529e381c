namespace Metering.Subscriptions.Subscribing;

/// <summary>Which version of which plan a subscription follows.</summary>
public sealed record PlanReference(Guid Id, string Key, string Name, int Version);
