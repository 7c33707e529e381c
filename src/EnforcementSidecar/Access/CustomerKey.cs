namespace Metering.EnforcementSidecar.Access;

/// <summary>One API key of a customer.</summary>
/// <param name="Restriction">Null: the key opens all that the customer has.</param>
internal readonly record struct CustomerKey(CredentialHash Hash, CredentialRestriction? Restriction);
