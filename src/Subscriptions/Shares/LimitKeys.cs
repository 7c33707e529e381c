using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Shares;

/// <summary>The limits that an exchange names, as parameters.</summary>
internal sealed class LimitKeys(IEnumerable<ShareRequest> requests)
{
    private readonly LimitKey[] keys = [.. requests.Select(one => KeyOf(one.Limit)).Distinct()];

    public int Count => keys.Length;

    public object Parameters => new
    {
        customers = keys.Select(key => key.CustomerId).ToArray(),
        features = keys.Select(key => key.FeatureKey).ToArray(),
        names = keys.Select(key => key.Name).ToArray(),
    };

    public object ParametersToOpen(Instant now) => new
    {
        now,
        ids = keys.Select(_ => PublicId.New(now)).ToArray(),
        customers = keys.Select(key => key.CustomerId).ToArray(),
        features = keys.Select(key => key.FeatureKey).ToArray(),
        names = keys.Select(key => key.Name).ToArray(),
    };

    public static LimitKey KeyOf(SharedLimit limit) => PublicId.TryParse(limit.CustomerId, out var customerId)
        ? new LimitKey(customerId, limit.FeatureKey, limit.Name)
        : throw new FormatException($"'{limit.CustomerId}' passed the checks.");
}
