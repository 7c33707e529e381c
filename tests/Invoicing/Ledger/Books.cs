using System.Collections.Immutable;
using Metering.Invoicing.Ledger;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Testing;
using NodaTime;
using Npgsql;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>A ledger on a database of its own, with one seller.</summary>
internal sealed class Books : IAsyncDisposable
{
    public static readonly Instant Start = Instant.FromUtc(2026, 1, 15, 9, 0);

    private readonly TestDatabase test;
    private readonly NpgsqlDataSource dataSource;

    private Books(TestDatabase test)
    {
        this.test = test;
        dataSource = NpgsqlDataSource.Create(test.ConnectionString);
        Database = new MeteringDatabase(dataSource);
    }

    public MeteringDatabase Database { get; }

    public Guid Seller { get; } = PublicId.New(Start);

    public string ConnectionString => test.ConnectionString;

    public static async Task<Books> OpenAsync() => new(await TestDatabase.CreateMigratedAsync());

    public LedgerAccount Account(AccountKind kind, Guid? customer = null, Currency? currency = null) =>
        new(kind, currency ?? Currency.Usd, Seller, customer);

    /// <summary>One amount from one account to another.</summary>
    public static LedgerTransaction Transfer(string key, LedgerAccount debit, LedgerAccount credit, decimal amount)
    {
        var money = new Money(amount, debit.Currency);
        return new LedgerTransaction(key, "test.transfer", null, debit.CustomerId, Start, [debit.Debit(money), credit.Credit(money)]);
    }

    public async Task<ImmutableArray<Guid>> PostAsync(params IReadOnlyList<LedgerTransaction> transactions)
    {
        await using var session = await Database.BeginAsync(CancellationToken.None);
        var posted = await GeneralLedger.PostAsync(session, transactions, Start, CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
        return posted;
    }

    public async Task<decimal> BalanceAsync(LedgerAccount account)
    {
        await using var session = await Database.OpenAsync(CancellationToken.None);
        return await session.FirstOrNoneAsync<decimal>(
            "select b.amount from invoicing.ledger_balance b join invoicing.ledger_account a on a.id = b.account_id where a.path = @path",
            new { path = $"{account.Kind.NameOf()}/{account.Currency.Code}/{account.BillingProfileId}/{account.CustomerId?.ToString() ?? "-"}" },
            CancellationToken.None);
    }

    /// <summary>As the owner of the tables, past the posting function.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var session = await Database.BeginAsync(CancellationToken.None);
        await session.ExecuteAsync(sql, null, CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
    }

    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var session = await Database.OpenAsync(CancellationToken.None);
        return await session.SingleAsync<T>(sql, null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await dataSource.DisposeAsync();
        await test.DisposeAsync();
    }
}
