using System.Globalization;
using System.Text.Json.Nodes;
using Metering.Ingest.Rollups;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Metering.Ingest.Tests.Rollups;

public sealed class RollupFoldingTests
{
    private const int Subjects = 10_000;
    private const int Batches = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_deltas_are_folded_in_slices_that_have_every_subject_once()
    {
        await using var host = await TestHost.StartAsync();
        await host.Services.GetServices<IHostedService>().OfType<RollupFoldingLoop>().Single().StopAsync(Token);
        await host.MeterAsync("tokens");
        for (var batch = 0; batch < Batches; batch++)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"{batch}-");
            await host.PostEventsAsync(Enumerable.Range(0, Subjects).Select(subject => EventPosting.Event(
                prefix + subject, "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 2 }, string.Create(CultureInfo.InvariantCulture, $"s{subject}"))));
        }

        var rests = 0;
        var more = await host.Services.GetRequiredService<RollupFolding>().FoldAsync(
            _ =>
            {
                rests++;
                return TimeSpan.Zero;
            },
            Token);

        Assert.False(more);
        Assert.Equal(1, rests);
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        Assert.Equal(0, await session.SingleAsync<long>("select count(*) from ingest.usage_delta", null, Token));
        Assert.Equal(
            $"{Subjects} subjects of {Batches} and {Batches * 2}",
            await session.SingleAsync<string>(
                "select format('%s subjects of %s and %s', count(*), string_agg(distinct count::text, ' '), string_agg(distinct sum::int::text, ' ')) "
                + "from ingest.usage_hour",
                null, Token));
    }
}
