using MassTransit;

namespace Metering.Platform.Messaging;

/// <summary>A queue that a module consumes when a broker is configured.</summary>
public sealed record BrokerQueue(string Name, Type ConsumerType, Action<IBusRegistrationContext, IRabbitMqReceiveEndpointConfigurator> Configure);
