using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Makes what is decided from out of what the snapshot says. For the one thread that follows the snapshot.</summary>
internal sealed class CustomerCompiler
{
    private readonly LeaseBroker broker;
    private readonly SharedTerms shared = new();

    public CustomerCompiler(LeaseBroker broker)
    {
        this.broker = broker;
        Lines = new CustomerLines(shared);
    }

    public CustomerLines Lines { get; }

    public CustomerEntry Compile(in CustomerDraft draft, CustomerEntry? previous) => new(draft, previous, broker);

    public CustomerDraft Draft(CustomerAccess access)
    {
        var keys = new List<KeyDraft>();
        foreach (var text in access.CredentialHashes.IsDefault ? [] : access.CredentialHashes)
        {
            if (CredentialHash.TryParse(text, out var hash))
            {
                keys.Add(new KeyDraft(hash, null));
            }
        }

        foreach (var restricted in access.RestrictedCredentials.IsDefault ? [] : access.RestrictedCredentials)
        {
            if (CredentialHash.TryParse(restricted.Hash, out var hash))
            {
                keys.Add(new KeyDraft(hash, new CredentialRestriction(restricted)));
            }
        }

        var features = access.Features.IsDefault ? [] : access.Features;
        return new CustomerDraft
        {
            Id = CompactId.Of(access.CustomerId),
            Subject = access.Subject,
            Status = access.Status,
            Keys = keys.ToArray(),
            Features = features.Select(shared.GrantOf).ToArray(),
        };
    }
}
