using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class PoisonTests
{
    [Fact]
    public async Task An_event_that_the_database_refuses_is_put_aside_alone()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("requests", "COUNT", value: null);

        // The parser would refuse the NUL; PostgreSQL does too, and takes the whole batch down with it.
        UsageEvent[] events = [.. Enumerable.Range(0, 100).Select(i => Event(i == 37 ? "poison\0" : $"{i}"))];
        var results = await host.Services.GetRequiredService<EventRecorder>().RecordAsync(events, TestContext.Current.CancellationToken);

        Assert.Equal(EventOutcome.Rejected, results[37].Outcome);
        Assert.Equal(99, results.Count(result => result.Outcome == EventOutcome.Accepted));
        Assert.EndsWith(" 99", await host.QueryAsync("requests"), StringComparison.Ordinal);
        var rejected = Assert.Single((await host.GetAsync("/api/v1/events/rejected"))["items"]!.AsArray())!;
        Assert.Equal("poison\uFFFD", (string)rejected["id"]!);
        Assert.Contains("can not be stored", (string)rejected["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_connection_does_not_blame_the_events()
    {
        Assert.False(EventRecorder.BlamesContent(new NpgsqlException("connection reset")));
        Assert.False(EventRecorder.BlamesContent(new PostgresException("shutting down", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown)));
        Assert.False(EventRecorder.BlamesContent(new PostgresException("no such table", "ERROR", "ERROR", PostgresErrorCodes.UndefinedTable)));
        Assert.False(EventRecorder.BlamesContent(new OperationCanceledException()));
        Assert.True(EventRecorder.BlamesContent(new PostgresException("out of range", "ERROR", "ERROR", PostgresErrorCodes.NumericValueOutOfRange)));
        Assert.True(EventRecorder.BlamesContent(new OverflowException()));
    }

    private static UsageEvent Event(string id) => new(
        id, "gateway", "prompt", "acme", Instant.FromUtc(2026, 1, 14, 10, 0), default, null, EventIdentity.Key("gateway", id),
        EventIdentity.Payload("prompt", "acme", null, default));
}
