using Metering.Ingest.Recording;
using Metering.Platform.Clock;
using Metering.Platform.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

internal static class BrokerRegistration
{
    /// <summary>Two connections: a broker that is short of memory stops the ones that publish, and must go on emptying its queue.</summary>
    public static void AddUsageBroker(this IServiceCollection services, Uri broker, string suffix)
    {
        services.AddSingleton(new UsageWire(suffix));
        services.AddSingleton<UsageUnderway>();
        services.AddSingleton<IDrain>(provider => provider.GetRequiredService<UsageUnderway>());
        services.AddSingleton<IEventAcceptance, BrokerAcceptance>();

        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UsagePublisher>(provider, Link(provider, "publisher", confirmed)));
        services.AddHostedService(provider => provider.GetRequiredService<UsagePublisher>());
        services.AddSingleton<IBrokerLink>(provider => provider.GetRequiredService<UsagePublisher>());

        var concurrent = new CreateChannelOptions(
            publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false,
            consumerDispatchConcurrency: UsageConsumer.MaxMessages);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UsageConsumer>(provider, Link(provider, "consumer", concurrent)));
        services.AddHostedService(provider => provider.GetRequiredService<UsageConsumer>());
        services.AddSingleton<IBrokerLink>(provider => provider.GetRequiredService<UsageConsumer>());

        BrokerLink Link(IServiceProvider provider, string name, CreateChannelOptions options) =>
            new(name, broker, provider.GetRequiredService<UsageWire>(), options, provider.GetRequiredService<ILogger<BrokerLink>>());
    }
}
