using System.Collections.Immutable;
using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>
/// An API key that does not open everything the customer has. Such a key is told here and never among the plain hashes, so that a sidecar
/// which does not know of restrictions does not know the key either.
/// </summary>
/// <param name="Hash">Lower-case hex SHA-256 of the API key.</param>
/// <param name="ExpiresAt">Exclusive; null when it does not expire.</param>
/// <param name="FeatureKeys">The features it may be used for; null when it may be used for all that the customer has.</param>
/// <param name="ApplicationId">26-character id of the application that uses the key; null when it names none.</param>
/// <param name="AgentId">26-character id of the agent that uses the key; null when it names none.</param>
/// <param name="Suspended">The application or the agent is suspended: every request with the key is denied with 403.</param>
public sealed record CredentialAccess(
    string Hash, Instant? ExpiresAt, ImmutableArray<string>? FeatureKeys, string? ApplicationId, string? AgentId, bool Suspended = false);
