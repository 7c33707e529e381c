using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One customer, ready to be decided. Replaced as a whole when Host says that something changed.</summary>
internal sealed class CustomerEntry
{
    private readonly FeatureGate[] features;

    private CustomerEntry(CustomerAccess access, CredentialHash[] credentials, FeatureGate[] features)
    {
        Id = access.CustomerId;
        Subject = access.Subject;
        Status = access.Status;
        Credentials = credentials;
        this.features = features;
    }

    public string Id { get; }

    public string Subject { get; }

    public CustomerStatus Status { get; }

    public CredentialHash[] Credentials { get; }

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
        var hashes = access.CredentialHashes.IsDefault ? [] : access.CredentialHashes;
        var credentials = new List<CredentialHash>(hashes.Length);
        foreach (var text in hashes)
        {
            if (CredentialHash.TryParse(text, out var hash))
            {
                credentials.Add(hash);
            }
        }

        var terms = access.Features.IsDefault ? [] : access.Features;
        var gates = terms.Select(feature => FeatureGate.Compile(feature, previous?.Find(feature.FeatureKey), broker)).ToArray();
        return new CustomerEntry(access, [.. credentials], gates);
    }
}
