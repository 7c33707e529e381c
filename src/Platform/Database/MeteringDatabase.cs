using Metering.Platform.Requests;
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
        new(await dataSource.OpenConnectionAsync(cancellationToken), null, null);

    /// <summary>For writing: nothing is kept unless <see cref="DbSession.CommitAsync"/> returns.</summary>
    public async Task<DbSession> BeginAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var companion = RequestContext.Current;
            var session = new DbSession(connection, await connection.BeginTransactionAsync(cancellationToken), companion);
            await (companion?.BegunAsync(session, cancellationToken) ?? Task.CompletedTask);
            return session;
        }
        catch
        {
            // Closing the connection rolls back what was begun.
            await connection.DisposeAsync();
            throw;
        }
    }
}
