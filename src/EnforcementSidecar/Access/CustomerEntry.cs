using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Access;

/// <summary>One customer, ready to be decided. Replaced as a whole when Host says that something changed.</summary>
internal sealed class CustomerEntry : IKeyed<CompactId>
{
    private readonly CompactId id;
    private readonly CustomerKey[] keys;
    private readonly FeatureGate[] features;
    private string? text;

    /// <param name="previous">What was known of the same customer; null when nothing was.</param>
    public CustomerEntry(in CustomerDraft draft, CustomerEntry? previous, LeaseBroker broker)
    {
        id = draft.Id;
        Subject = draft.Subject;
        Status = draft.Status;
        keys = draft.Keys.IsEmpty ? [] : new CustomerKey[draft.Keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = new CustomerKey(this, draft.Keys[i].Hash, draft.Keys[i].Restriction);
        }

        features = draft.Features.IsEmpty ? [] : new FeatureGate[draft.Features.Length];
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = FeatureGate.Compile(draft.Features[i], previous?.Find(draft.Features[i].Terms.Key), broker);
        }
    }

    /// <summary>Written out for the customers that are asked about.</summary>
    public string Id => text ??= id.ToString();

    public ref readonly CompactId Key => ref id;

    public string Subject { get; }

    public CustomerStatus Status { get; }

    /// <summary>A removed customer has none.</summary>
    public ReadOnlySpan<CustomerKey> Keys => Status == CustomerStatus.Removed ? [] : keys;

    public IReadOnlyList<FeatureGate> Features => features;

    public int KeyHash => id.GetHashCode();

    public bool IsKeyed(in CompactId key) => id == key;

    public bool HasKey(in CredentialHash hash)
    {
        foreach (var key in Keys)
        {
            if (key.Hash == hash)
            {
                return true;
            }
        }

        return false;
    }

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
}
