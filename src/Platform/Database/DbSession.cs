using Dapper;
using Npgsql;

namespace Metering.Platform.Database;

/// <summary>One connection, and one transaction if it was begun. Disposing without commit rolls back.</summary>
public sealed class DbSession : IAsyncDisposable
{
    private readonly NpgsqlTransaction? transaction;
    private readonly ITransactionCompanion? companion;
    private bool committed;

    internal DbSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, ITransactionCompanion? companion)
    {
        Connection = connection;
        this.transaction = transaction;
        this.companion = companion;
    }

    /// <summary>For COPY and what else Dapper does not do.</summary>
    public NpgsqlConnection Connection { get; }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        (await Connection.QueryAsync<T>(Command(sql, parameters, cancellationToken))).AsList();

    /// <summary>Null (or the default) when there is no row.</summary>
    public Task<T?> FirstOrNoneAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        Connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters, cancellationToken));

    public Task<T> SingleAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        Connection.QuerySingleAsync<T>(Command(sql, parameters, cancellationToken));

    /// <returns>The number of rows affected.</returns>
    public Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(Command(sql, parameters, cancellationToken));

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (transaction is null)
        {
            throw new InvalidOperationException("No transaction was begun.");
        }

        if (companion is not null)
        {
            await companion.CommittingAsync(this, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (transaction is not null)
        {
            await transaction.DisposeAsync();
        }

        companion?.Ended(this, committed);
        await Connection.DisposeAsync();
    }

    private CommandDefinition Command(string sql, object? parameters, CancellationToken cancellationToken) =>
        new(sql, parameters, transaction, cancellationToken: cancellationToken);
}
