using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar;

internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Information, "Sidecar {SidecarId} started; following {HostUrl}")]
    public static partial void Started(this ILogger logger, string sidecarId, Uri hostUrl);

    [LoggerMessage(6002, LogLevel.Information, "{Count} leases of an earlier process were settled")]
    public static partial void LeasesRecovered(this ILogger logger, int count);

    [LoggerMessage(6003, LogLevel.Warning, "{Count} leases could not be given back; they are settled at the next start or run out")]
    public static partial void LeasesLeftOpen(this ILogger logger, int count);

    [LoggerMessage(6004, LogLevel.Error, "Host refused the final count of lease {LeaseId}; Host keeps the units held until the events have spoken")]
    public static partial void LeaseReportOutOfRange(this ILogger logger, string leaseId);

    [LoggerMessage(6005, LogLevel.Warning, "Host did not answer about leases ({Reason}); hard limits go on for what is leased, then with 503")]
    public static partial void LeaseExchangeFailed(this ILogger logger, string reason);

    [LoggerMessage(6006, LogLevel.Information, "Snapshot version {Version} is known: {Customers} customers")]
    public static partial void SnapshotKnown(this ILogger logger, long version, int customers);

    [LoggerMessage(6007, LogLevel.Warning, "The snapshot stream ended ({Reason}); connecting again in {Delay}")]
    public static partial void SnapshotStreamEnded(this ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(6008, LogLevel.Warning, "The disk snapshot {Path} can not be used: {Reason}")]
    public static partial void DiskSnapshotNotUsable(this ILogger logger, string path, string reason);

    [LoggerMessage(6009, LogLevel.Warning, "Heartbeat {Sequence} was applied but could not be acknowledged ({Reason})")]
    public static partial void NotAcknowledged(this ILogger logger, long sequence, string reason);

    [LoggerMessage(6010, LogLevel.Warning, "The system clock differs from Host's by {Difference}; period ends and rate limits go by it")]
    public static partial void ClockDiffers(this ILogger logger, TimeSpan difference);

    [LoggerMessage(6011, LogLevel.Warning, "Usage events could not be shipped ({Reason}); they stay spooled, next try in {Delay}")]
    public static partial void ShippingFailed(this ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(6012, LogLevel.Error, "Host refused usage event {EventId} with {Status}; it is kept in {Path}")]
    public static partial void EventParked(this ILogger logger, string eventId, int status, string path);

    [LoggerMessage(6013, LogLevel.Warning, "Spool segment {Segment} ended in a torn record at byte {Offset}; what was acknowledged is before it")]
    public static partial void SpoolTorn(this ILogger logger, string segment, long offset);

    [LoggerMessage(6014, LogLevel.Error, "The spool can not be written; settle answers 503")]
    public static partial void SpoolNotWritable(this ILogger logger, Exception exception);

    [LoggerMessage(6015, LogLevel.Error, "A request failed")]
    public static partial void RequestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6016, LogLevel.Warning, "{Bytes} bytes of usage events stay spooled; they are shipped at the next start")]
    public static partial void SpoolNotEmpty(this ILogger logger, long bytes);

    [LoggerMessage(6017, LogLevel.Error, "Spool segment {Segment} is damaged at byte {Offset}; its rest is kept and not shipped")]
    public static partial void SpoolDamaged(this ILogger logger, string segment, long offset);

    [LoggerMessage(6018, LogLevel.Warning, "The spool can be written again")]
    public static partial void SpoolWritableAgain(this ILogger logger);

    [LoggerMessage(6019, LogLevel.Warning, "Host did not answer about shares ({Reason}); limits go on by the shares that are good, then with 503")]
    public static partial void ShareExchangeFailed(this ILogger logger, string reason);

    [LoggerMessage(6040, LogLevel.Error, "Host refused {Count} settlements with {Status}; their units stay taken until the events have spoken")]
    public static partial void SettlementsRefused(this ILogger logger, int count, int status);

    [LoggerMessage(6041, LogLevel.Warning, "Nobody settled reservation {ReservationId} in time; it is settled as {Policy}")]
    public static partial void ReservationOrphaned(this ILogger logger, string reservationId, OrphanPolicy policy);

    [LoggerMessage(6042, LogLevel.Error, "An open reservation can not be read any more; what it took stays taken until the events have spoken")]
    public static partial void OpenReservationLost(this ILogger logger);
}
