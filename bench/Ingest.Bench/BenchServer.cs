using System.Diagnostics;
using System.Runtime.CompilerServices;
using Metering.Bench;
using Metering.Host;
using Metering.Platform.Database;
using Npgsql;

namespace Metering.Ingest.Bench;

/// <summary>A durable PostgreSQL that runs for one part of the benchmark and is removed with everything in it.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    public const string Description =
        "PostgreSQL durable (fsync, full_page_writes and synchronous_commit on), shared_buffers 2GB, max_wal_size 8GB, wal_compression lz4.";

    private static readonly string[] Settings =
        ["shared_buffers = '2GB'", "max_wal_size = '8GB'", "wal_compression = 'lz4'", "synchronous_commit = on", "fsync = on"];

    private readonly string folder;
    private readonly string adminConnection;
    private int databases;

    private BenchServer(string folder, string adminConnection)
    {
        this.folder = folder;
        this.adminConnection = adminConnection;
    }

    public static async Task<BenchServer> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"metering-ingest-bench-{Environment.ProcessId}");
        await ScriptAsync("start", folder, cancellationToken);
        var server = new BenchServer(folder, await ScriptAsync("admin-url", folder, cancellationToken));
        foreach (var setting in Settings)
        {
            await server.AsAdminAsync($"alter system set {setting}", cancellationToken);
        }

        // The size of the shared buffers is read at the start.
        NpgsqlConnection.ClearAllPools();
        await ScriptAsync("stop", folder, cancellationToken);
        await ScriptAsync("start", folder, cancellationToken);
        return server;
    }

    /// <summary>A database as this version's migrations leave it.</summary>
    public async Task<NpgsqlDataSource> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var source = await CreateEmptyDatabaseAsync(cancellationToken);
        await HostApplication.MigrateAsync(new MeteringDatabase(source), cancellationToken);
        return source;
    }

    public async Task<NpgsqlDataSource> CreateEmptyDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = $"bench_{++databases}";
        await AsAdminAsync($"create database {name}", cancellationToken);
        var settings = new NpgsqlConnectionStringBuilder(adminConnection) { Database = name, MaxPoolSize = 50, PersistSecurityInfo = true };
        return NpgsqlDataSource.Create(settings.ConnectionString);
    }

    /// <summary>Empties the pools of a database and drops it.</summary>
    public async Task DropDatabaseAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var name = new NpgsqlConnectionStringBuilder(source.ConnectionString).Database;
        await source.DisposeAsync();
        await AsAdminAsync($"drop database {name} with (force)", cancellationToken);
    }

    /// <summary>What all processes of the server have used since it started, those that have ended included.</summary>
    public TimeSpan ProcessorTime()
    {
        var postmaster = int.Parse(File.ReadLines(Path.Combine(folder, "cluster", "postmaster.pid")).First());
        return ProcessTimes.OfFamily(postmaster);
    }

    /// <summary>How far the write-ahead log has come, in bytes.</summary>
    public async Task<long> WalPositionAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(adminConnection);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select (pg_current_wal_insert_lsn() - '0/0')::bigint", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Before a measurement, so that none is interrupted by what the one before it has left to be written.</summary>
    public Task CheckpointAsync(CancellationToken cancellationToken) => AsAdminAsync("checkpoint", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ScriptAsync("remove", folder, CancellationToken.None);
    }

    private async Task AsAdminAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(adminConnection);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<string> ScriptAsync(string command, string folder, CancellationToken cancellationToken)
    {
        var script = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", "eng", "postgres.sh"));
        using var process = Process.Start(new ProcessStartInfo(script, [command, folder]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"eng/postgres.sh {command} failed.");
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
