using Microsoft.Extensions.Logging;
using Npgsql;

namespace Metering.Platform.Database;

/// <summary>
/// Brings the database to the code's version: forward only, each step in its own transaction, checksummed, one process
/// at a time under an advisory lock. A database that is ahead of the code, or whose history was edited, is refused.
/// </summary>
public sealed class Migrator(MeteringDatabase database, IEnumerable<MigrationSet> sets, ILogger<Migrator> logger)
{
    private const long AdvisoryLock = 0x6D_65_74_65_72_69_6E_67;

    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var guard = await database.OpenAsync(cancellationToken);
        await guard.ExecuteAsync("select pg_advisory_lock(@AdvisoryLock)", new { AdvisoryLock }, cancellationToken);
        try
        {
            await guard.ExecuteAsync(BootstrapSql, null, cancellationToken);
            foreach (var set in sets)
            {
                await ApplyAsync(set, cancellationToken);
            }
        }
        finally
        {
            await guard.ExecuteAsync("select pg_advisory_unlock(@AdvisoryLock)", new { AdvisoryLock }, CancellationToken.None);
        }
    }

    /// <summary>True when every migration of the code has been applied.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var applied = await session.SingleAsync<long>("select count(*) from platform.migration", null, cancellationToken);
        return applied >= sets.Sum(set => set.Migrations.Length);
    }

    private async Task ApplyAsync(MigrationSet set, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var applied = await session.QueryAsync<AppliedMigration>(AppliedSql, new { module = set.Module }, cancellationToken);
        foreach (var row in applied)
        {
            var known = set.Migrations.FirstOrDefault(migration => migration.Number == row.Number)
                ?? throw new InvalidOperationException($"The database has migration {row.Name} of {set.Module}, which this version does not know.");
            if (known.Checksum != row.Checksum)
            {
                throw new InvalidOperationException($"Migration {known.Name} of {set.Module} was changed after it was applied.");
            }
        }

        foreach (var migration in set.Migrations.ExceptBy(applied.Select(row => row.Number), migration => migration.Number))
        {
            await using var step = await database.BeginAsync(cancellationToken);

            // A migration may move a large table: it takes the time that it takes.
            await using var command = new NpgsqlCommand(migration.Sql, step.Connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
            await step.ExecuteAsync(
                RecordSql, new { module = set.Module, migration.Number, migration.Name, migration.Checksum }, cancellationToken);
            await step.CommitAsync(cancellationToken);
            logger.MigrationApplied(set.Module, migration.Name);
        }
    }

    private const string BootstrapSql = """
        create schema if not exists platform;
        create table if not exists platform.migration (
            module      text not null,
            number      int not null,
            name        text not null,
            checksum    text not null,
            applied_at  timestamptz not null default now(),
            primary key (module, number)
        )
        """;

    private const string AppliedSql = "select number, name, checksum from platform.migration where module = @module order by number";

    private const string RecordSql = """
        insert into platform.migration (module, number, name, checksum)
        values (@module, @Number, @Name, @Checksum)
        """;

    private sealed record AppliedMigration(int Number, string Name, string Checksum);
}
