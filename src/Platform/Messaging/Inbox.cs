using Metering.Platform.Database;

namespace Metering.Platform.Messaging;

/// <summary>Runs the handlers of a message, each exactly once however often the message arrives.</summary>
public sealed class Inbox(MeteringDatabase database, IServiceProvider services, IEnumerable<MessageRegistration> registrations)
{
    private readonly ILookup<string, MessageRegistration> handlers = registrations.ToLookup(registration => registration.MessageType);

    public async Task ReceiveAsync(OutboxEnvelope envelope, CancellationToken cancellationToken)
    {
        foreach (var registration in handlers[envelope.Type])
        {
            await using var session = await database.BeginAsync(cancellationToken);
            var first = await session.ExecuteAsync(EnterSql, new { envelope.MessageId, registration.Handler }, cancellationToken) == 1;
            if (first)
            {
                await registration.HandleAsync(services, envelope.Payload, session, cancellationToken);
                await session.CommitAsync(cancellationToken);
            }
        }

        await using var completing = await database.BeginAsync(cancellationToken);
        await completing.ExecuteAsync(CompleteSql, new { envelope.MessageId }, cancellationToken);
        await completing.CommitAsync(cancellationToken);
    }

    private const string EnterSql = """
        insert into platform.inbox (message_id, handler)
        values (@MessageId, @Handler)
        on conflict do nothing
        """;

    private const string CompleteSql = """
        update platform.outbox
        set completed_at = now(), last_error = null
        where message_id = @MessageId and completed_at is null
        """;
}
