using Metering.Host;
using Metering.Platform;
using Metering.Platform.Database;
using Npgsql;

namespace Metering.Testing;

/// <summary>An empty database of its own on the PostgreSQL that <c>./metering test</c> started; dropped afterwards.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
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

    public static async Task<TestDatabase> CreateAsync()
    {
        var admin = Environment.GetEnvironmentVariable("METERING_TEST_POSTGRES")
            ?? throw new InvalidOperationException("METERING_TEST_POSTGRES is not set: run the tests with ./metering test");
        var database = new TestDatabase(admin, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref count)}");
        await database.AsAdminAsync($"create database {database.name}");
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
