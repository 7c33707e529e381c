using Microsoft.Extensions.Logging;

namespace Metering.Platform;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Migration {Name} of {Module} applied")]
    public static partial void MigrationApplied(this ILogger logger, string module, string name);

    [LoggerMessage(1002, LogLevel.Warning, "PostgreSQL did not answer; the request was refused with 503")]
    public static partial void DatabaseNotAvailable(this ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "A request failed")]
    public static partial void RequestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1004, LogLevel.Warning, "Message {MessageId} of type {Type} failed at attempt {Attempt}; it is kept and tried again")]
    public static partial void MessageFailed(this ILogger logger, Exception exception, Guid messageId, string type, int attempt);

    [LoggerMessage(1005, LogLevel.Warning, "The outbox could not be read; trying again in {Delay}")]
    public static partial void OutboxNotReadable(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(1006, LogLevel.Information, "An API key of the operator was written to {File} in {Directory}")]
    public static partial void FirstKeyWritten(this ILogger logger, string file, string directory);
}
