using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Until when and for what an API key may be used, and who uses it.</summary>
internal sealed class CredentialRestriction(CredentialAccess access)
{
    private readonly Instant expiresAt = access.ExpiresAt ?? Instant.MaxValue;
    private readonly string[]? featureKeys = access.FeatureKeys is { IsDefault: false } keys ? [.. keys] : null;

    /// <summary>Null when the key names none.</summary>
    public string? ApplicationId => access.ApplicationId;

    /// <summary>Null when the key names none.</summary>
    public string? AgentId => access.AgentId;

    public bool IsSuspended => access.Suspended;

    public bool IsExpired(Instant now) => now >= expiresAt;

    public bool Admits(ReadOnlySpan<char> featureKey)
    {
        if (featureKeys is null)
        {
            return true;
        }

        foreach (var key in featureKeys)
        {
            if (featureKey.SequenceEqual(key))
            {
                return true;
            }
        }

        return false;
    }
}
