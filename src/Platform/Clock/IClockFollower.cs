using NodaTime;

namespace Metering.Platform.Clock;

/// <summary>Somebody outside this process who goes by the product's clock, such as a sidecar.</summary>
public interface IClockFollower
{
    /// <summary>Tells them the time and returns when they have heard, or after a bounded wait.</summary>
    Task FollowAsync(Instant now, CancellationToken cancellationToken);
}
