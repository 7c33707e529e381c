namespace Metering.EnforcementSidecar.Reservations;

/// <summary>An admitted request. The id carries the product time of the check.</summary>
internal readonly record struct Reservation(UInt128 Id, string CustomerId, string FeatureKey, long Units);
