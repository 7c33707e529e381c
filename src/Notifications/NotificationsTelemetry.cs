using System.Diagnostics.Metrics;

namespace Metering.Notifications;

/// <summary>What an operator watches of notifications.</summary>
internal static class NotificationsTelemetry
{
    private static readonly Meter Meter = new("Metering.Notifications");

    private static readonly Counter<long> Events =
        Meter.CreateCounter<long>("metering.notifications.events", "{event}", "Notifications that rules made, by type.");

    private static readonly Counter<long> Attempts =
        Meter.CreateCounter<long>("metering.notifications.attempts", "{attempt}", "Attempts to deliver, by outcome.");

    private static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("metering.notifications.attempt.duration", "s", "Time from connecting to the end of the answer.");

    public static void Made(string type) => Events.Add(1, new KeyValuePair<string, object?>("type", type));

    public static void Attempted(bool delivered, TimeSpan elapsed)
    {
        Attempts.Add(1, new KeyValuePair<string, object?>("outcome", delivered ? "delivered" : "failed"));
        Duration.Record(elapsed.TotalSeconds);
    }
}
