using Metering.Platform.Database;

namespace Metering.Platform.Messaging;

/// <summary>
/// Handles a message from another module, exactly once: the session's transaction also holds the inbox entry, so the
/// handler's effect and the fact that it was handled are committed together.
/// </summary>
public interface IMessageHandler<in TMessage>
{
    Task HandleAsync(TMessage message, DbSession session, CancellationToken cancellationToken);
}
