using System.Text.Json;
using MassTransit;
using Metering.Platform.Clock;
using Metering.Platform.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Platform.Messaging;

internal static class MessagingRegistration
{
    private const int PrefetchCount = 32;

    public static void AddMessaging(this IServiceCollection services, MeteringOptions options)
    {
        services.AddSingleton<Inbox>();
        services.AddSingleton<OutboxDispatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxDispatcher>());
        services.AddSingleton<IDrain>(provider => provider.GetRequiredService<OutboxDispatcher>());
        if (options.RabbitMq is null)
        {
            services.AddSingleton<IMessageTransport, InProcessTransport>();
            return;
        }

        services.AddSingleton<IMessageTransport, RabbitMqTransport>();
        services.AddMassTransit(bus =>
        {
            bus.AddConsumer<OutboxEnvelopeConsumer>();
            bus.UsingRabbitMq((context, broker) =>
            {
                broker.Host(options.RabbitMq, host => host.PublisherConfirmation = true);
                broker.ConfigureJsonSerializerOptions(WithTimes);
                broker.ReceiveEndpoint(RabbitMqTransport.QueueOf(options), endpoint =>
                {
                    AsQuorum(endpoint);
                    endpoint.UseMessageRetry(retry => retry.Interval(3, TimeSpan.FromMilliseconds(200)));
                    endpoint.ConfigureConsumer<OutboxEnvelopeConsumer>(context);
                });
            });
        });
    }

    /// <summary>Without it an instant travels as an empty object and arrives as 1970.</summary>
    private static JsonSerializerOptions WithTimes(JsonSerializerOptions json)
    {
        json.Converters.Add(new InstantConverter());
        return json;
    }

    /// <summary>Replicated and persistent; only what is addressed to the queue arrives in it.</summary>
    private static void AsQuorum(IRabbitMqReceiveEndpointConfigurator endpoint)
    {
        endpoint.SetQuorumQueue();
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PrefetchCount = PrefetchCount;
    }
}
