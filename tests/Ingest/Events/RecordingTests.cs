using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class RecordingTests
{
    [Fact]
    public async Task An_event_is_counted_as_soon_as_it_is_accepted()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");

        var report = await host.PostEventsAsync(EventPosting.Event("1", "2026-01-14T10:20:00Z", new JsonObject { ["tokens"] = 42 }));

        Assert.Equal(1, (int)report["accepted"]!);
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 42", await host.QueryAsync("tokens"));
        Assert.Equal("2026-01-14T10:20:00Z 2026-01-14T10:21:00Z 42", await host.QueryAsync("tokens", "from=2026-01-14T10:20:00Z&to=2026-01-14T10:21:00Z"));
    }
}
