namespace Metering.Contracts.Sidecar;

/// <summary>Names a limit that is divided among sidecars: the same name through every change of plan.</summary>
/// <param name="CustomerId">26-character id.</param>
/// <param name="FeatureKey">Of the feature.</param>
/// <param name="Name"><c>concurrency</c>, or the window of a rate such as <c>rate-60s</c>.</param>
public sealed record SharedLimit(string CustomerId, string FeatureKey, string Name);
