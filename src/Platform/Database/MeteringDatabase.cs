using Npgsql;

namespace Metering.Platform.Database;

/// <summary>The one PostgreSQL database. Hands out sessions; knows no table.</summary>
public sealed class MeteringDatabase(NpgsqlDataSource dataSource)
{
    /// <summary>Whoever gets a session can pass instants, in whatever order the process was put together.</summary>
    static MeteringDatabase() => NodaTimeHandlers.Register();

    public NpgsqlDataSource DataSource => dataSource;

    /// <summary>For reading: each statement is its own transaction.</summary>
    public async Task<DbSession> OpenAsync(CancellationToken cancellationToken) =>
        new(await dataSource.OpenConnectionAsync(cancellationToken), null);

    /// <summary>For writing: nothing is kept unless <see cref="DbSession.CommitAsync"/> returns.</summary>
    public async Task<DbSession> BeginAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            return new DbSession(connection, await connection.BeginTransactionAsync(cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
