using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;

namespace Metering.Platform.Messaging;

/// <summary>Tells other modules what happened, in the same transaction in which it happened.</summary>
public static class Outbox
{
    /// <summary>The message is on its way when, and only when, <paramref name="session"/> commits.</summary>
    public static Task AddAsync<TMessage>(DbSession session, TMessage message, CancellationToken cancellationToken)
        where TMessage : notnull
    {
        var parameters = new
        {
            messageId = Guid.CreateVersion7(),
            type = typeof(TMessage).Name,
            payload = JsonSerializer.Serialize(message, MeteringJson.Options),
        };
        return session.ExecuteAsync(InsertSql, parameters, cancellationToken);
    }

    private const string InsertSql = """
        insert into platform.outbox (message_id, type, payload)
        values (@messageId, @type, @payload)
        """;
}
