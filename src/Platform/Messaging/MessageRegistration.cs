using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Platform.Messaging;

/// <summary>One handler of one message type, with the types folded away.</summary>
public sealed record MessageRegistration(
    string MessageType, string Handler, Func<IServiceProvider, string, DbSession, CancellationToken, Task> HandleAsync);

public static class MessageRegistrationExtensions
{
    public static IServiceCollection AddMessageHandler<TMessage, THandler>(this IServiceCollection services)
        where TMessage : notnull
        where THandler : class, IMessageHandler<TMessage>
    {
        services.AddSingleton<THandler>();
        services.AddSingleton(new MessageRegistration(
            typeof(TMessage).Name,
            typeof(THandler).FullName!,
            (provider, payload, session, cancellationToken) => provider.GetRequiredService<THandler>()
                .HandleAsync(JsonSerializer.Deserialize<TMessage>(payload, MeteringJson.Options)!, session, cancellationToken)));
        return services;
    }
}
