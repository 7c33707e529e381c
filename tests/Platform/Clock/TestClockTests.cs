using System.Text.Json.Nodes;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Clock;

public sealed class TestClockTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 15, 9, 0);

    [Fact]
    public async Task Time_stands_until_it_is_moved_and_never_goes_back()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal("2026-01-15T09:00:00Z", (await host.GetAsync("/api/v1/test-clock"))["now"]!.GetValue<string>());

        await host.AdvanceToAsync("2026-02-01T00:00:00Z");
        Assert.Equal("2026-02-01T00:00:00Z", (await host.GetAsync("/api/v1/test-clock"))["now"]!.GetValue<string>());

        var problem = await host.PostAsync("/api/v1/test-clock/advance", new JsonObject { ["to"] = "2026-01-31T00:00:00Z" }, 400);
        Assert.Equal("/to", problem["errors"]![0]!["pointer"]!.GetValue<string>());
    }

    [Fact]
    public async Task It_stops_at_every_instant_at_which_something_falls_due()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var dataSource = NpgsqlDataSource.Create(test.ConnectionString);
        var database = new MeteringDatabase(dataSource);
        await new Migrator(database, [PlatformModule.Migrations], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        var clock = await TestClock.OpenAsync(database, Start, CancellationToken.None);
        var everyTenDays = new EveryTenDays(Start);
        var testClock = new TestClock(clock, database, [everyTenDays], [], []);

        Assert.Equal(TestClockOutcome.Advanced, await testClock.AdvanceAsync(Start + Duration.FromDays(35), CancellationToken.None));

        Assert.Equal([10, 20, 30], everyTenDays.RanAtDay);
        var afterRestart = await TestClock.OpenAsync(database, Start, CancellationToken.None);
        Assert.Equal(Start + Duration.FromDays(35), afterRestart.GetCurrentInstant());
    }

    [Fact]
    public async Task A_sandbox_stays_one_when_it_is_started_without_saying_so()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var dataSource = NpgsqlDataSource.Create(test.ConnectionString);
        var database = new MeteringDatabase(dataSource);
        await new Migrator(database, [PlatformModule.Migrations], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);

        Assert.False((await TestClock.OpenAsync(database, null, CancellationToken.None)).Stands);
        await TestClock.OpenAsync(database, Start, CancellationToken.None);
        var reopened = await TestClock.OpenAsync(database, null, CancellationToken.None);
        Assert.True(reopened.Stands);
        Assert.Equal(Start, reopened.GetCurrentInstant());
    }

    private sealed class EveryTenDays(Instant start) : IDueWork
    {
        private Instant next = start + Duration.FromDays(10);

        public List<int> RanAtDay { get; } = [];

        public Task<Instant?> NextDueAsync(CancellationToken cancellationToken) => Task.FromResult<Instant?>(next);

        public Task RunDueAsync(Instant now, CancellationToken cancellationToken)
        {
            while (next <= now)
            {
                RanAtDay.Add((next - start).Days);
                next += Duration.FromDays(10);
            }

            return Task.CompletedTask;
        }
    }
}
