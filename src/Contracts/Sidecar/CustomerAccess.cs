using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>What one customer may do, compiled so that a sidecar can decide without asking anyone.</summary>
/// <param name="CustomerId">26-character id.</param>
/// <param name="Key">The seller's own key for the customer; may be absent.</param>
/// <param name="Subject">The subject that usage events emitted for this customer carry.</param>
/// <param name="Status">Deleted customers stay in the stream as <see cref="CustomerStatus.Removed"/> so that their keys stop working.</param>
/// <param name="CredentialHashes">Lower-case hex SHA-256 of each API key that identifies the customer and opens all that it has.</param>
/// <param name="Features">At most one entry per feature key.</param>
public sealed record CustomerAccess(
    string CustomerId,
    string? Key,
    string Subject,
    CustomerStatus Status,
    ImmutableArray<string> CredentialHashes,
    ImmutableArray<FeatureAccess> Features)
{
    /// <summary>The API keys that open less, or not for ever. Absent before format 2: there are none.</summary>
    public ImmutableArray<CredentialAccess> RestrictedCredentials { get; init; } = [];
}
