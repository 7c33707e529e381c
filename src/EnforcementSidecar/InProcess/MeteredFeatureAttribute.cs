namespace Metering.EnforcementSidecar.InProcess;

/// <summary>Requests to the endpoint use this feature: they are decided before it runs.</summary>
/// <param name="feature">The feature's key.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class MeteredFeatureAttribute(string feature) : Attribute
{
    public string Feature => feature;

    /// <summary>How many units a request takes.</summary>
    public long Units { get; init; } = 1;
}
