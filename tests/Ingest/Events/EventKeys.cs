using System.Text;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Tests.Events;

/// <summary>Events as the reader makes them, for what stands behind the reader.</summary>
internal static class EventKeys
{
    public static readonly Instant Time = Instant.FromUtc(2026, 1, 14, 10, 0);

    public static Guid Of(string id) => EventIdentity.Key("gateway", id);

    public static UsageEvent Event(string id, int tokens = 1, Instant? time = null, string subject = "acme")
    {
        var at = time ?? Time;
        var data = Encoding.UTF8.GetBytes($$"""{"tokens":{{tokens}}}""");
        return new UsageEvent(
            id, "gateway", "prompt", subject, at, data, null, Of(id), EventIdentity.Payload("prompt", subject, at, data));
    }
}
