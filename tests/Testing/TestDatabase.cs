using Metering.Host;
using Metering.Platform;
using Metering.Platform.Database;
using Npgsql;

namespace Metering.Testing;

/// <summary>A database of its own on the PostgreSQL that <c>./metering test</c> started; dropped afterwards.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    // Migrating is what takes longest in most tests, so it happens once and is copied.
    private static readonly Lazy<Task<string>> Migrated = new(MigrateOnceAsync);
    private static int count;
    private readonly string adminConnection;
    private readonly string name;

    private TestDatabase(string adminConnection, string name)
    {
        this.adminConnection = adminConnection;
        this.name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(adminConnection) { Database = name, MaxPoolSize = 30 }.ConnectionString;
    }

    public string ConnectionString { get; }

    /// <summary>Empty.</summary>
    public static Task<TestDatabase> CreateAsync() => CreateAsync("template1");

    /// <summary>As this version's migrations leave it.</summary>
    public static async Task<TestDatabase> CreateMigratedAsync() => await CreateAsync(await Migrated.Value);

    private static async Task<string> MigrateOnceAsync()
    {
        var pattern = await CreateAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => pattern.DisposeAsync().AsTask().GetAwaiter().GetResult();
        await using var dataSource = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(pattern.ConnectionString) { Pooling = false }.ConnectionString);
        await HostApplication.MigrateAsync(new MeteringDatabase(dataSource), CancellationToken.None);
        return pattern.name;
    }

    private static async Task<TestDatabase> CreateAsync(string template)
    {
        var admin = Environment.GetEnvironmentVariable("METERING_TEST_POSTGRES")
            ?? throw new InvalidOperationException("METERING_TEST_POSTGRES is not set: run the tests with ./metering test");
        var database = new TestDatabase(admin, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref count)}");
        await database.AsAdminAsync($"create database {database.name} template {template}");
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await AsAdminAsync($"drop database if exists {name} with (force)");
    }

    private async Task AsAdminAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(adminConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
