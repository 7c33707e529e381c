using System.Buffers;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>One message made of the bodies of requests that came together. Its memory is given back when it is disposed.</summary>
internal sealed class SharedMessage : IDisposable
{
    private readonly IReadOnlyList<PendingBody> bodies;
    private readonly byte[]? rented;

    public SharedMessage(IReadOnlyList<PendingBody> bodies)
    {
        this.bodies = bodies;
        ReceivedAt = bodies.Max(body => body.ReceivedAt);
        Id = PublicId.New(ReceivedAt);
        if (bodies.Count == 1)
        {
            Body = bodies[0].Body;
            return;
        }

        rented = ArrayPool<byte>.Shared.Rent(bodies.Sum(body => body.Body.Length + 1) + 1);
        var written = 0;
        foreach (var body in bodies)
        {
            rented[written++] = written == 1 ? (byte)'[' : (byte)',';
            body.Elements.CopyTo(rented.AsSpan(written));
            written += body.Elements.Length;
        }

        rented[written++] = (byte)']';
        Body = rented.AsMemory(0, written);
    }

    public Guid Id { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The latest of those of the requests: never later than now, never before any of them was sent.</summary>
    public Instant ReceivedAt { get; }

    public BasicProperties Properties() => new()
    {
        ContentType = bodies is [{ IsSingle: true }] ? UsageWire.SingleContentType : UsageWire.BatchContentType,
        DeliveryMode = DeliveryModes.Persistent,
        MessageId = PublicId.Format(Id),
        Timestamp = new AmqpTimestamp(ReceivedAt.ToUnixTimeSeconds()),
        Headers = new Dictionary<string, object?> { [UsageWire.ReceivedAtHeader] = InstantConverter.Format(ReceivedAt) },
    };

    public void Dispose()
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
