using Metering.EnforcementSidecar.Access;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>May the customer use so many units of this feature?</summary>
internal readonly record struct Question(FeatureGate Feature, long Units);
