using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using Metering.Ingest.Bench.Consumer;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Ingest.Rollups;
using Metering.Ingest.Storage;
using Metering.Ingest.Subjects;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Bench.Storage;

/// <summary>A database that is filled as the product fills one: two writers, folding and partitions beside them.</summary>
internal sealed class Ledger : IAsyncDisposable
{
    public const int BatchSize = 10_000;
    private const int Writers = 2;
    private readonly NpgsqlDataSource source;
    private readonly ServiceProvider services;
    private readonly RollupFoldingLoop folding;
    private readonly EventGenerator generator;
    private readonly BatchWriter writer;

    private Ledger(NpgsqlDataSource source, EventGenerator generator)
    {
        this.source = source;
        this.generator = generator;
        services = new ServiceCollection()
            .AddSingleton(new MeteringDatabase(source))
            .AddSingleton<IClock>(SystemClock.Instance)
            .AddSingleton<ISubjectOwners>(new Nobody())
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton<UsageReader>().AddSingleton<RollupFolding>().AddSingleton<RollupFoldingLoop>().AddSingleton<DaySettling>()
            .AddSingleton<EventPartitions>().AddSingleton<BatchWriter>()
            .BuildServiceProvider();
        folding = services.GetRequiredService<RollupFoldingLoop>();
        writer = services.GetRequiredService<BatchWriter>();
    }

    /// <summary>In millions of events; METERING_BENCH_MILLIONS makes it smaller while one tries things out.</summary>
    public static int Millions { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("METERING_BENCH_MILLIONS"), out var millions) ? millions : 20;

    public UsageReader Usage => services.GetRequiredService<UsageReader>();

    /// <summary>How many bytes the events have had as JSON.</summary>
    public long JsonBytes { get; private set; }

    public long Events { get; private set; }

    /// <param name="events">That will come, over a month.</param>
    public static async Task<Ledger> CreateAsync(BenchServer server, EventIds ids, long events, CancellationToken cancellationToken)
    {
        var source = await server.CreateDatabaseAsync(cancellationToken);
        await Ours.AddMetersAsync(source, cancellationToken);
        var generator = new EventGenerator(3, ids) { Step = Duration.FromDays(30) / events };
        var ledger = new Ledger(source, generator);
        await ledger.services.GetRequiredService<EventPartitions>().MakeAsync(generator.Now, cancellationToken);
        await ledger.folding.StartAsync(cancellationToken);
        return ledger;
    }

    /// <summary>Makes events and records them.</summary>
    public async Task FillAsync(long events, CancellationToken cancellationToken)
    {
        var batches = Channel.CreateBounded<UsageEvent[]>(2);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(
            async () =>
            {
                await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken))
                {
                    await writer.WriteAsync(batch, cancellationToken);
                }
            },
            cancellationToken)));
        for (var made = 0L; made < events; made += BatchSize)
        {
            var body = generator.NextBody(BatchSize);
            JsonBytes += body.Length - BatchSize - 1;
            await batches.Writer.WriteAsync(EventGenerator.Read(body), cancellationToken);
        }

        batches.Writer.Complete();
        await writing;
        Events += events;
    }

    /// <summary>Folds what is left and settles the days, as a few minutes of rest would.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await folding.StopAsync(cancellationToken);
        while (await ScalarAsync("select count(*) from ingest.usage_delta", cancellationToken) > 0)
        {
            await services.GetRequiredService<RollupFolding>().FoldAsync(cancellationToken);
        }

        while (await services.GetRequiredService<DaySettling>().SettleAsync(generator.Now + Duration.FromDays(2), cancellationToken))
        {
        }

        await ScalarAsync("vacuum analyze", cancellationToken);
    }

    public async Task<long> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 600;
        var value = await command.ExecuteScalarAsync(cancellationToken);
        return value is null ? 0 : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await folding.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
        await source.DisposeAsync();
    }

    private sealed class Nobody : ISubjectOwners
    {
        public Task<ImmutableArray<SubjectOwner>> OfCustomersAsync(IReadOnlyCollection<Guid> customerIds, CancellationToken cancellationToken) =>
            Task.FromResult(ImmutableArray<SubjectOwner>.Empty);

        public Task<ImmutableArray<SubjectOwner>> OfSubjectsAsync(IReadOnlyCollection<string> subjects, CancellationToken cancellationToken) =>
            Task.FromResult(ImmutableArray<SubjectOwner>.Empty);
    }
}
