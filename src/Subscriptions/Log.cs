using Microsoft.Extensions.Logging;

namespace Metering.Subscriptions;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Sidecar {SidecarId} connected; {Connected} sidecars follow now")]
    public static partial void SidecarConnected(this ILogger logger, string sidecarId, int connected);

    [LoggerMessage(3002, LogLevel.Information, "Sidecar {SidecarId} disconnected; {Connected} sidecars follow now")]
    public static partial void SidecarDisconnected(this ILogger logger, string sidecarId, int connected);

    [LoggerMessage(3003, LogLevel.Information, "The stream of sidecar {SidecarId} ended with {Reason}; it can resume by version")]
    public static partial void StreamEnded(this ILogger logger, string sidecarId, string reason);

    [LoggerMessage(3004, LogLevel.Warning, "Sidecar {SidecarId} did not acknowledge in time; the test clock waits for it no more until it does")]
    public static partial void SidecarDidNotAcknowledge(this ILogger logger, string sidecarId);

    [LoggerMessage(3005, LogLevel.Warning, "Snapshot versions could not be followed; trying again in {Delay}")]
    public static partial void SnapshotNotFollowed(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(3006, LogLevel.Error, "Due phases or periods could not be changed; trying again in {Delay}")]
    public static partial void DueWorkFailed(this ILogger logger, Exception exception, TimeSpan delay);
}
