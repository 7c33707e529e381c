using Microsoft.Extensions.Logging;

namespace Metering.Ingest;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Warning, "A batch of {Events} events was not recorded; its senders were told to try again")]
    public static partial void BatchNotRecorded(this ILogger logger, Exception exception, int events);

    [LoggerMessage(2002, LogLevel.Error, "Event {EventId} of {Source} can not be recorded; it is kept in ingest.rejected_event")]
    public static partial void EventRejected(this ILogger logger, Exception exception, string eventId, string source);

    [LoggerMessage(2003, LogLevel.Warning, "{Events} malformed events of message {MessageId} are kept in ingest.rejected_event")]
    public static partial void MalformedEventsRejected(this ILogger logger, int events, string? messageId);

    [LoggerMessage(2004, LogLevel.Warning, "Rollups were not folded; trying again in {Delay}")]
    public static partial void FoldingFailed(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(2005, LogLevel.Information, "Meter {Slug} counted {Events} stored events")]
    public static partial void MeterBackfilled(this ILogger logger, string slug, long events);

    [LoggerMessage(2006, LogLevel.Warning, "The broker did not confirm message {MessageId}; its {Senders} senders were told to try again")]
    public static partial void BrokerDidNotConfirm(this ILogger logger, Exception? exception, string messageId, int senders);

    [LoggerMessage(2022, LogLevel.Warning, "Hours were not made anew; their events answer meanwhile; trying again in {Delay}")]
    public static partial void RestatingFailed(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(2023, LogLevel.Information, "Backfill {BackfillId} was closed; {Events} events count")]
    public static partial void BackfillClosed(this ILogger logger, string backfillId, long events);

    [LoggerMessage(2024, LogLevel.Information, "Backfill {BackfillId} was reverted; {Events} events count no more")]
    public static partial void BackfillReverted(this ILogger logger, string backfillId, long events);

    [LoggerMessage(2025, LogLevel.Warning, "A backfill was not carried on with; trying again in {Delay}")]
    public static partial void BackfillFailed(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(2021, LogLevel.Warning, "What came of sources was not added up; trying again in {Delay}")]
    public static partial void SourcesNotFolded(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(2030, LogLevel.Warning, "The {Link} has lost the broker; connecting again in {Delay}")]
    public static partial void BrokerLost(this ILogger logger, Exception? exception, string link, TimeSpan delay);

    [LoggerMessage(2031, LogLevel.Information, "The {Link} is connected to the broker")]
    public static partial void BrokerConnected(this ILogger logger, string link);

    [LoggerMessage(2032, LogLevel.Warning, "Message {MessageId} could not be recorded; it stays with the broker and is tried again in {Delay}")]
    public static partial void MessageNotRecorded(this ILogger logger, Exception exception, string? messageId, TimeSpan delay);

    [LoggerMessage(2033, LogLevel.Error, "Message {MessageId} can not be read; it is kept in ingest.rejected_event")]
    public static partial void MessageNotReadable(this ILogger logger, Exception exception, string? messageId);

    [LoggerMessage(2040, LogLevel.Information, "{Partitions} months of events were made")]
    public static partial void PartitionsMade(this ILogger logger, int partitions);

    [LoggerMessage(2041, LogLevel.Warning, "Months of events were not made; trying again in {Delay}")]
    public static partial void PartitionsNotMade(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(2042, LogLevel.Warning, "Days of usage were not added up; trying again in {Delay}")]
    public static partial void SettlingFailed(this ILogger logger, Exception exception, TimeSpan delay);
}
