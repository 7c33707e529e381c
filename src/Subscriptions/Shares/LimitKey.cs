namespace Metering.Subscriptions.Shares;

/// <summary>A limit of a customer's feature; it outlives every plan that says how high it is.</summary>
internal readonly record struct LimitKey(Guid CustomerId, string FeatureKey, string Name);
