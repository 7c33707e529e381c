using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Metering.Invoicing.Ledger;

/// <summary>The one way to post: in the caller's transaction, so that what happened and what it means in money are committed together.</summary>
/// <remarks>
/// The balances that are posted to stay locked until the commit. Whoever posts more than once in one database transaction holds the customer's
/// lock before, as whoever changes invoices does.
/// </remarks>
public static class GeneralLedger
{
    public const int MaxTransactions = 8_192;
    public const int MaxEntries = 65_536;

    private const string KeyTaken = "ML001";
    private const string Overdrawn = "ML002";

    /// <param name="now">When it is posted; when it counts is <see cref="LedgerTransaction.EffectiveAt"/>.</param>
    /// <returns>The ids of those that are new. What was posted before under the same key with the same content is passed over.</returns>
    /// <exception cref="LedgerRefusedException">A key has other content, or an account would be overdrawn.</exception>
    /// <exception cref="ArgumentException">A transaction does not balance, or there are too many.</exception>
    public static async Task<ImmutableArray<Guid>> PostAsync(
        DbSession session, IReadOnlyList<LedgerTransaction> transactions, Instant now, CancellationToken cancellationToken)
    {
        if (transactions.Count == 0)
        {
            return [];
        }

        using var command = Command(session.Connection, transactions, now);
        try
        {
            return [.. (Guid[])(await command.ExecuteScalarAsync(cancellationToken))!];
        }
        catch (PostgresException exception) when (exception.SqlState == KeyTaken)
        {
            throw LedgerRefusedException.KeyTaken(exception.Hint, exception);
        }
        catch (PostgresException exception) when (exception.SqlState == Overdrawn)
        {
            throw LedgerRefusedException.Overdrawn(exception.Hint, exception);
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, IReadOnlyList<LedgerTransaction> transactions, Instant now)
    {
        var entries = transactions.Sum(transaction => transaction.Entries.Length);
        if (transactions.Count > MaxTransactions || entries > MaxEntries)
        {
            throw new ArgumentException($"At most {MaxTransactions} transactions with {MaxEntries} entries are posted.", nameof(transactions));
        }

        foreach (var transaction in transactions)
        {
            transaction.Check();
        }

        var command = new NpgsqlCommand(PostSql, connection);
        Add(command, NpgsqlDbType.TimestampTz, now.ToDateTimeUtc(), isArray: false);
        AddTransactions(command, transactions, now);
        AddEntries(command, transactions, entries);
        return command;
    }

    private static void AddTransactions(NpgsqlCommand command, IReadOnlyList<LedgerTransaction> transactions, Instant now)
    {
        Add(command, NpgsqlDbType.Uuid, transactions.Select(_ => PublicId.New(now)).ToArray());
        Add(command, NpgsqlDbType.Text, transactions.Select(one => one.Key).ToArray());
        Add(command, NpgsqlDbType.Bytea, transactions.Select(PayloadHash.Of).ToArray());
        Add(command, NpgsqlDbType.Text, transactions.Select(one => one.Kind).ToArray());
        Add(command, NpgsqlDbType.Text, transactions.Select(one => one.Document?.Type).ToArray());
        Add(command, NpgsqlDbType.Uuid, transactions.Select(one => one.Document?.Id).ToArray());
        Add(command, NpgsqlDbType.Uuid, transactions.Select(one => one.CustomerId).ToArray());
        Add(command, NpgsqlDbType.TimestampTz, transactions.Select(one => one.EffectiveAt.ToDateTimeUtc()).ToArray());
        Add(command, NpgsqlDbType.Uuid, transactions.Select(one => one.CorrectsId).ToArray());
        Add(command, NpgsqlDbType.Text, transactions.Select(one => one.Description).ToArray());
    }

    /// <summary>Each account once, and entries that name transactions and accounts by their place, from 1.</summary>
    private static void AddEntries(NpgsqlCommand command, IReadOnlyList<LedgerTransaction> transactions, int entries)
    {
        var accounts = new Dictionary<LedgerAccount, int>();
        var transactionNumbers = new int[entries];
        var positions = new short[entries];
        var accountNumbers = new int[entries];
        var amounts = new decimal[entries];
        var sources = new Guid?[entries];
        var next = 0;
        foreach (var (i, transaction) in transactions.Index())
        {
            foreach (var (position, entry) in transaction.Entries.Index())
            {
                if (!accounts.TryGetValue(entry.Account, out var account))
                {
                    account = accounts.Count + 1;
                    accounts.Add(entry.Account, account);
                }

                transactionNumbers[next] = i + 1;
                positions[next] = (short)(position + 1);
                accountNumbers[next] = account;
                amounts[next] = entry.Amount;
                sources[next++] = entry.SourceId;
            }
        }

        LedgerAccount[] named = [.. accounts.OrderBy(pair => pair.Value).Select(pair => pair.Key)];
        Add(command, NpgsqlDbType.Text, named.Select(account => account.Kind.NameOf()).ToArray());
        Add(command, NpgsqlDbType.Text, named.Select(account => account.Currency.Code).ToArray());
        Add(command, NpgsqlDbType.Smallint, named.Select(account => (short)account.Currency.MinorUnitDigits).ToArray());
        Add(command, NpgsqlDbType.Uuid, named.Select(account => account.BillingProfileId).ToArray());
        Add(command, NpgsqlDbType.Uuid, named.Select(account => account.CustomerId).ToArray());
        Add(command, NpgsqlDbType.Integer, transactionNumbers);
        Add(command, NpgsqlDbType.Smallint, positions);
        Add(command, NpgsqlDbType.Integer, accountNumbers);
        Add(command, NpgsqlDbType.Numeric, amounts);
        Add(command, NpgsqlDbType.Uuid, sources);
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object value, bool isArray = true) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = isArray ? NpgsqlDbType.Array | type : type, Value = value });

    private const string PostSql = """
        select invoicing.ledger_post(
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
            $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21)
        """;
}
