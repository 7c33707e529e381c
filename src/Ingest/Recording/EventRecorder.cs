using Metering.Ingest.Events;
using Metering.Platform.Database;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Recording;

/// <summary>
/// Records batches, and does not let one event that can not be stored hold up the others: the batch is halved until that event
/// stands alone, and then it is kept as rejected. Broken infrastructure is thrown: trying again later is right for that.
/// </summary>
internal sealed class EventRecorder(BatchWriter writer, MeteringDatabase database, IClock clock, ILogger<EventRecorder> logger)
{
    public async Task<EventResult[]> RecordAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await writer.WriteAsync(events, cancellationToken);
        }
        catch (Exception exception) when (BlamesContent(exception))
        {
            if (events.Count == 1)
            {
                return [await RejectAsync(events[0], exception, cancellationToken)];
            }
        }

        var half = events.Count / 2;
        var first = await RecordAsync([.. events.Take(half)], cancellationToken);
        var second = await RecordAsync([.. events.Skip(half)], cancellationToken);
        return [.. first, .. second];
    }

    public async Task RejectAsync(IReadOnlyList<MalformedEvent> malformed, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        foreach (var item in malformed)
        {
            var reason = string.Join(" ", item.Errors.Select(error => $"{error.Pointer}: {error.Message}"));
            await RejectedTable.AddAsync(session, clock.GetCurrentInstant(), item.Source, item.Id, reason, item.Raw, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        IngestMetrics.RecordRejected(malformed.Count);
    }

    private async Task<EventResult> RejectAsync(UsageEvent usageEvent, Exception exception, CancellationToken cancellationToken)
    {
        var reason = $"The event can not be stored: {exception.Message}";
        await using var session = await database.BeginAsync(cancellationToken);
        await RejectedTable.AddAsync(
            session, clock.GetCurrentInstant(), usageEvent.Source, usageEvent.Id, reason, EventJson.Of(usageEvent), cancellationToken);
        await session.CommitAsync(cancellationToken);
        logger.EventRejected(exception, usageEvent.Id, usageEvent.Source);
        IngestMetrics.RecordRejected(1);
        return new EventResult(EventOutcome.Rejected, reason);
    }

    /// <summary>
    /// A value that PostgreSQL refuses (data exception, constraint, program limit) or that our own code trips over. Anything else
    /// from the driver, the network or a shutdown says nothing about the events.
    /// </summary>
    internal static bool BlamesContent(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState[..2] is "22" or "54"
            || (postgres.SqlState[..2] == "23" && postgres.SqlState != PostgresErrorCodes.UniqueViolation),
        NpgsqlException or OperationCanceledException or IOException or TimeoutException or ObjectDisposedException => false,
        _ => true,
    };
}
