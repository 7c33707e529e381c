using System.Collections.Concurrent;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Messaging;

public sealed class OutboxTests : IAsyncLifetime
{
    private TestDatabase test = null!;
    private MeteringDatabase database = null!;
    private ServiceProvider services = null!;
    private OutboxDispatcher dispatcher = null!;

    public async ValueTask InitializeAsync()
    {
        test = await TestDatabase.CreateAsync();
        database = new MeteringDatabase(NpgsqlDataSource.Create(test.ConnectionString));
        await new Migrator(database, [PlatformModule.Migrations], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        await ExecuteAsync("create table effect (number int)");
        services = new ServiceCollection()
            .AddSingleton(database)
            .AddSingleton<Inbox>()
            .AddSingleton<Tries>()
            .AddMessageHandler<Counted, CountedHandler>()
            .BuildServiceProvider();
        dispatcher = new OutboxDispatcher(
            database, new TwiceTransport(services.GetRequiredService<Inbox>()), NullLogger<OutboxDispatcher>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        dispatcher.Dispose();
        await services.DisposeAsync();
        await database.DataSource.DisposeAsync();
        await test.DisposeAsync();
    }

    [Fact]
    public async Task A_message_that_arrives_twice_is_handled_once()
    {
        await SendAsync(1, commit: true);
        await dispatcher.DrainAsync(CancellationToken.None);
        Assert.Equal([1], await EffectsAsync());
    }

    [Fact]
    public async Task A_message_whose_transaction_rolled_back_was_never_sent()
    {
        await SendAsync(1, commit: false);
        await SendAsync(2, commit: true);
        await dispatcher.DrainAsync(CancellationToken.None);
        Assert.Equal([2], await EffectsAsync());
    }

    [Fact]
    public async Task A_message_that_fails_is_kept_with_its_error_and_does_not_hold_up_the_others()
    {
        await SendAsync(CountedHandler.FailsOnce, commit: true);
        await SendAsync(2, commit: true);
        await dispatcher.DrainAsync(CancellationToken.None);
        Assert.Equal([2], await EffectsAsync());
        Assert.Equal("not this time", await ScalarAsync<string>("select last_error from platform.outbox where completed_at is null"));

        await ExecuteAsync("update platform.outbox set next_attempt_at = now(), last_error = null where completed_at is null");
        await dispatcher.DrainAsync(CancellationToken.None);
        Assert.Equal([2, CountedHandler.FailsOnce], await EffectsAsync());
    }

    [Fact]
    public async Task Two_dispatchers_share_the_work_and_repeat_none_of_it()
    {
        for (var number = 0; number < 200; number++)
        {
            await SendAsync(number, commit: true);
        }

        using var other = new OutboxDispatcher(
            database, new TwiceTransport(services.GetRequiredService<Inbox>()), NullLogger<OutboxDispatcher>.Instance);
        await Task.WhenAll(dispatcher.DrainAsync(CancellationToken.None), other.DrainAsync(CancellationToken.None));
        Assert.Equal(Enumerable.Range(0, 200), (await EffectsAsync()).Order());
    }

    private async Task SendAsync(int number, bool commit)
    {
        await using var session = await database.BeginAsync(CancellationToken.None);
        await Outbox.AddAsync(session, new Counted(number), CancellationToken.None);
        if (commit)
        {
            await session.CommitAsync(CancellationToken.None);
        }
    }

    private async Task<IReadOnlyList<int>> EffectsAsync()
    {
        await using var session = await database.OpenAsync(CancellationToken.None);
        return await session.QueryAsync<int>("select number from effect order by ctid", null, CancellationToken.None);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var session = await database.OpenAsync(CancellationToken.None);
        return await session.SingleAsync<T>(sql, null, CancellationToken.None);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var session = await database.OpenAsync(CancellationToken.None);
        await session.ExecuteAsync(sql, null, CancellationToken.None);
    }

    /// <summary>A broker may deliver twice; this one always does.</summary>
    private sealed class TwiceTransport(Inbox inbox) : IMessageTransport
    {
        public bool IsConnected => true;

        public async Task SendAsync(OutboxEnvelope envelope, CancellationToken cancellationToken)
        {
            await inbox.ReceiveAsync(envelope, cancellationToken);
            await inbox.ReceiveAsync(envelope, cancellationToken);
        }
    }

    public sealed record Counted(int Number);

    public sealed class Tries
    {
        public ConcurrentDictionary<int, int> Of { get; } = new();
    }

    public sealed class CountedHandler(Tries tries) : IMessageHandler<Counted>
    {
        public const int FailsOnce = 1_013;

        public async Task HandleAsync(Counted message, DbSession session, CancellationToken cancellationToken)
        {
            await session.ExecuteAsync("insert into effect values (@Number)", message, cancellationToken);
            if (message.Number == FailsOnce && tries.Of.AddOrUpdate(message.Number, 1, (_, count) => count + 1) == 1)
            {
                throw new InvalidOperationException("not this time");
            }
        }
    }
}
