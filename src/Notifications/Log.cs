using Microsoft.Extensions.Logging;

namespace Metering.Notifications;

internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Information, "A key that seals secrets was written to {File} in {Directory}; put it into the backup")]
    public static partial void SecretKeyWritten(this ILogger logger, string file, string directory);

    [LoggerMessage(
        7002, LogLevel.Warning, "Delivery {DeliveryId} to channel {ChannelId} failed at attempt {Attempt} ({Reason}); the next is at {NextAttempt}")]
    public static partial void AttemptFailed(
        this ILogger logger, Guid deliveryId, Guid channelId, int attempt, string reason, NodaTime.Instant nextAttempt);

    [LoggerMessage(
        7003, LogLevel.Error, "Delivery {DeliveryId} to channel {ChannelId} was given up after {Attempts} attempts ({Reason}); it can be resent")]
    public static partial void DeliveryGivenUp(this ILogger logger, Guid deliveryId, Guid channelId, int attempts, string reason);

    [LoggerMessage(7004, LogLevel.Warning, "Channel {ChannelId} answered 410 Gone and was disabled")]
    public static partial void ChannelDisabled(this ILogger logger, Guid channelId);

    [LoggerMessage(7005, LogLevel.Error, "Due notifications could not be worked on; trying again in {Delay}")]
    public static partial void DueWorkFailed(this ILogger logger, Exception exception, TimeSpan delay);
}
