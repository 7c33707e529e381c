using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Metering.Platform.Tests.Database;

public sealed class MigratorTests : IAsyncLifetime
{
    private TestDatabase test = null!;
    private MeteringDatabase database = null!;

    public async ValueTask InitializeAsync()
    {
        test = await TestDatabase.CreateAsync();
        database = new MeteringDatabase(NpgsqlDataSource.Create(test.ConnectionString));
    }

    public async ValueTask DisposeAsync()
    {
        await database.DataSource.DisposeAsync();
        await test.DisposeAsync();
    }

    [Fact]
    public async Task Eight_processes_that_start_at_once_apply_each_step_once()
    {
        var set = Set(("0001_first", "create table once (x int)"), ("0002_second", "insert into once values (1)"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MigrateAsync(set)));
        Assert.Equal(1, await CountAsync("select count(*) from once"));
    }

    [Fact]
    public async Task A_step_that_fails_leaves_nothing_of_itself_and_all_before_it()
    {
        var set = Set(("0001_first", "create table kept (x int)"), ("0002_second", "create table half (x int); select 1/0"));
        await Assert.ThrowsAsync<PostgresException>(() => MigrateAsync(set));
        Assert.Equal(1, await CountAsync("select count(*) from platform.migration"));
        Assert.Equal(0, await CountAsync("select count(*) from pg_class where relname = 'half'"));
    }

    [Fact]
    public async Task A_step_that_was_edited_after_it_was_applied_is_refused()
    {
        await MigrateAsync(Set(("0001_first", "select 1")));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => MigrateAsync(Set(("0001_first", "select 2"))));
        Assert.Contains("was changed after it was applied", refused.Message);
    }

    [Fact]
    public async Task A_database_that_is_ahead_of_the_code_is_refused()
    {
        await MigrateAsync(Set(("0001_first", "select 1"), ("0002_second", "select 1")));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => MigrateAsync(Set(("0001_first", "select 1"))));
        Assert.Contains("which this version does not know", refused.Message);
    }

    private Task MigrateAsync(MigrationSet set) =>
        new Migrator(database, [set], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);

    private static MigrationSet Set(params (string Name, string Sql)[] steps) =>
        new("test", [.. steps.Select(step => new Migration(int.Parse(step.Name.AsSpan(0, 4)), step.Name, step.Sql, step.Sql))]);

    private async Task<long> CountAsync(string sql)
    {
        await using var session = await database.OpenAsync(CancellationToken.None);
        return await session.SingleAsync<long>(sql, null, CancellationToken.None);
    }
}
