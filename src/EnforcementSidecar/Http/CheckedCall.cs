using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Http;

/// <summary>What is asked for, by whom, as far as it is known before the limits are.</summary>
/// <param name="Reserved">Default unless the feature is calls of a model.</param>
internal readonly record struct CheckedCall(Identity Identity, FeatureGate Gate, long Units, ReservedCall Reserved, string? Model);
