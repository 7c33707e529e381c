namespace Metering.EnforcementSidecar.Access;

/// <summary>One API key of a customer that is being read.</summary>
/// <param name="Restriction">Null: the key opens all that the customer has.</param>
internal readonly record struct KeyDraft(CredentialHash Hash, CredentialRestriction? Restriction);
