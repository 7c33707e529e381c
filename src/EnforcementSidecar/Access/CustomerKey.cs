namespace Metering.EnforcementSidecar.Access;

/// <summary>One API key of a customer.</summary>
/// <param name="customer">Null only of <see cref="Removed"/>.</param>
/// <param name="restriction">Null: the key opens all that the customer has.</param>
internal sealed class CustomerKey(CustomerEntry? customer, in CredentialHash hash, CredentialRestriction? restriction) : IKeyed<CredentialHash>
{
    /// <summary>Stands where a key was, and is nobody's.</summary>
    public static readonly CustomerKey Removed = new(null, default, null);

    private readonly CredentialHash hash = hash;

    public Identity Identity => new(customer, restriction);

    public ref readonly CredentialHash Hash => ref hash;

    public int KeyHash => hash.GetHashCode();

    public bool IsKeyed(in CredentialHash key) => hash == key && customer is not null;
}
