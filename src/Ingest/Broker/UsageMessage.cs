using System.Text;
using Metering.Ingest.Events;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using NodaTime;
using RabbitMQ.Client;

namespace Metering.Ingest.Broker;

/// <summary>A message as it arrives, from Metering itself or from anybody who may publish: what it holds, and what can not be an event.</summary>
internal sealed record UsageMessage(IReadOnlyList<UsageEvent> Events, IReadOnlyList<MalformedEvent> Malformed)
{
    /// <summary>So much of a message that is too large is kept for a person to look at.</summary>
    private const int KeptOfTooLarge = 64 << 10;

    /// <param name="body">The events' data stays a part of it.</param>
    public static UsageMessage Read(ReadOnlyMemory<byte> body, IReadOnlyBasicProperties properties, Instant now)
    {
        if (body.Length > EventLimits.MaxBodyBytes)
        {
            var message = $"The message has {body.Length} bytes, at most {EventLimits.MaxBodyBytes} are taken; its beginning is kept.";
            return Refused(body[..KeptOfTooLarge], "too_large", message);
        }

        if (properties.ContentEncoding?.ToLowerInvariant() is not (null or "" or "identity" or "utf-8" or "utf8"))
        {
            return Refused(body, "not_supported", $"The content encoding {properties.ContentEncoding} is not supported.");
        }

        if (UsageWire.FormOf(properties.ContentType) is not { } form)
        {
            return Refused(body, "not_supported", $"The content type {properties.ContentType} is none of CloudEvents in JSON.");
        }

        var read = CloudEventReader.Read(body, form, ReceivedAt(properties) ?? now);
        if (read.Refusal is not { } refusal)
        {
            return new UsageMessage(read.Events, read.Malformed);
        }

        // The events before the broken place are read; the whole body is kept for a person to look at.
        return new UsageMessage(read.Events, [.. read.Malformed, new MalformedEvent(TextOf(body), null, null, [refusal])]);
    }

    /// <summary>Of a message that can not be read for a reason that is ours.</summary>
    public static UsageMessage Unreadable(ReadOnlyMemory<byte> body, Exception exception) =>
        Refused(body[..Math.Min(body.Length, EventLimits.MaxBodyBytes)], "unreadable", $"The message can not be read: {exception.Message}");

    private static UsageMessage Refused(ReadOnlyMemory<byte> body, string code, string message) =>
        new([], [new MalformedEvent(TextOf(body), null, null, [new FieldError("", code, message)])]);

    private static string TextOf(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span);

    /// <summary>A redelivery finds the same time, where the sender has written one.</summary>
    private static Instant? ReceivedAt(IReadOnlyBasicProperties properties)
    {
        if (properties.Headers?.TryGetValue(UsageWire.ReceivedAtHeader, out var header) == true
            && header is byte[] text && InstantConverter.TryParse(text, out var receivedAt) && IsUsable(receivedAt))
        {
            return receivedAt;
        }

        return properties.IsTimestampPresent()
            && properties.Timestamp.UnixTime is var seconds
            && seconds >= EventLimits.EarliestTime.ToUnixTimeSeconds() && seconds < EventLimits.LatestTime.ToUnixTimeSeconds()
            ? Instant.FromUnixTimeSeconds(seconds)
            : null;
    }

    private static bool IsUsable(Instant time) => time >= EventLimits.EarliestTime && time < EventLimits.LatestTime;
}
