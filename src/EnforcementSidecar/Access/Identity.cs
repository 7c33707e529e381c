namespace Metering.EnforcementSidecar.Access;

/// <summary>Whose key it is, and what it may not do.</summary>
/// <param name="Customer">Null: nobody's.</param>
/// <param name="Restriction">Null: the key opens all that the customer has.</param>
internal readonly record struct Identity(CustomerEntry? Customer, CredentialRestriction? Restriction);
