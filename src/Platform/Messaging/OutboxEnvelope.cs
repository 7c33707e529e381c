namespace Metering.Platform.Messaging;

/// <summary>A message of the outbox while it travels.</summary>
public sealed record OutboxEnvelope(Guid MessageId, string Type, string Payload);
