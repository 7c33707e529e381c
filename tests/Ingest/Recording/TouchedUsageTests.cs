using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Platform.Http;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Recording;

public sealed class TouchedUsageTests
{
    private static readonly Instant Time = Instant.FromUtc(2026, 1, 14, 10, 0);

    [Fact]
    public void A_message_is_read_as_it_was_written_and_is_short()
    {
        var message = new UsageRecorded(
            7,
            [
                new TouchedUsage("tokens", "acme \"1\"", Time, Time), new TouchedUsage("requests", "acme", Time, Time + Duration.FromTicks(10)),
                new TouchedUsage("tokens", "other", Time + Duration.FromTicks(10), Time + Duration.FromHours(2)),
            ]);

        var text = JsonSerializer.Serialize(message, MeteringJson.Options);

        Assert.DoesNotContain("earliest", text, StringComparison.OrdinalIgnoreCase);
        var read = JsonSerializer.Deserialize<UsageRecorded>(text, MeteringJson.Options)!;
        Assert.Equal(7, read.Batch);
        Assert.Equal(message.Touched.OrderBy(touched => touched.Subject), read.Touched.OrderBy(touched => touched.Subject));
    }

    [Fact]
    public void A_message_from_before_is_still_read()
    {
        const string Before = """
            {"batch":7,"touched":[{"meterSlug":"tokens","subject":"acme","earliest":"2026-01-14T10:00:00Z","latest":"2026-01-14T11:00:00Z"}]}
            """;
        var read = JsonSerializer.Deserialize<UsageRecorded>(Before, MeteringJson.Options)!;
        Assert.Equal([new TouchedUsage("tokens", "acme", Time, Time + Duration.FromHours(1))], read.Touched);
    }
}
