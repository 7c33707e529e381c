using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One customer, ready to be decided. Replaced as a whole when Host says that something changed.</summary>
internal sealed class CustomerEntry
{
    private readonly FeatureGate[] features;

    private CustomerEntry(CustomerAccess access, CustomerKey[] keys, FeatureGate[] features)
    {
        Id = access.CustomerId;
        Subject = access.Subject;
        Status = access.Status;
        Keys = keys;
        this.features = features;
    }

    public string Id { get; }

    public string Subject { get; }

    public CustomerStatus Status { get; }

    public CustomerKey[] Keys { get; }

    public IReadOnlyList<FeatureGate> Features => features;

    /// <summary>A walk over a handful of keys beats a table of its own for each of 100,000 customers.</summary>
    public FeatureGate? Find(ReadOnlySpan<char> featureKey)
    {
        foreach (var feature in features)
        {
            if (featureKey.SequenceEqual(feature.Key))
            {
                return feature;
            }
        }

        return null;
    }

    public static CustomerEntry Compile(CustomerAccess access, CustomerEntry? previous, LeaseBroker broker)
    {
        var keys = new List<CustomerKey>();
        foreach (var text in access.CredentialHashes.IsDefault ? [] : access.CredentialHashes)
        {
            if (CredentialHash.TryParse(text, out var hash))
            {
                keys.Add(new CustomerKey(hash, null));
            }
        }

        foreach (var restricted in access.RestrictedCredentials.IsDefault ? [] : access.RestrictedCredentials)
        {
            if (CredentialHash.TryParse(restricted.Hash, out var hash))
            {
                keys.Add(new CustomerKey(hash, new CredentialRestriction(restricted)));
            }
        }

        var terms = access.Features.IsDefault ? [] : access.Features;
        var gates = terms.Select(feature => FeatureGate.Compile(feature, previous?.Find(feature.FeatureKey), broker)).ToArray();
        return new CustomerEntry(access, [.. keys], gates);
    }
}
