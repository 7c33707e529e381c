using Metering.Invoicing.Ledger;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>What the posting function takes, passes over and refuses.</summary>
public sealed class PostingTests : IAsyncLifetime
{
    private readonly Guid customer = PublicId.New(Books.Start);
    private Books books = null!;

    private LedgerAccount Receivable => books.Account(AccountKind.Receivable, customer);

    private LedgerAccount Revenue => books.Account(AccountKind.Revenue, customer);

    private LedgerAccount Cash => books.Account(AccountKind.CashClearing, customer);

    public async ValueTask InitializeAsync() => books = await Books.OpenAsync();

    public async ValueTask DisposeAsync() => await books.DisposeAsync();

    [Fact]
    public async Task A_batch_is_posted_whole_and_moves_every_balance()
    {
        var posted = await books.PostAsync(
            Books.Transfer("issued", Receivable, Revenue, 49.10m), Books.Transfer("paid", Cash, Receivable, 20.05m));

        Assert.Equal(2, posted.Length);
        Assert.Equal(29.05m, await books.BalanceAsync(Receivable));
        Assert.Equal(-49.10m, await books.BalanceAsync(Revenue));
        Assert.Equal(20.05m, await books.BalanceAsync(Cash));
    }

    [Fact]
    public async Task The_same_key_with_the_same_content_changes_nothing()
    {
        await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m));

        var again = await books.PostAsync(
            Books.Transfer("issued", Receivable, Revenue, 49.00m), Books.Transfer("paid", Cash, Receivable, 49m));

        Assert.Single(again);
        Assert.Equal(0m, await books.BalanceAsync(Receivable));
        Assert.Empty(await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m)));
        Assert.Equal(2, await books.ReadAsync<int>("select count(*) from invoicing.ledger_batch"));
        Assert.Equal(4, await books.ReadAsync<int>("select count(*) from invoicing.ledger_entry"));
    }

    [Fact]
    public async Task The_same_key_with_other_content_refuses_the_whole_batch()
    {
        await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m));

        var refused = await Assert.ThrowsAsync<LedgerRefusedException>(() => books.PostAsync(
            Books.Transfer("new", Receivable, Revenue, 1m), Books.Transfer("issued", Receivable, Revenue, 49.01m)));

        Assert.Equal("issued", refused.TakenKey);
        Assert.Equal(49m, await books.BalanceAsync(Receivable));
    }

    [Fact]
    public async Task One_key_twice_in_a_batch_is_posted_once_or_refused()
    {
        var one = Books.Transfer("issued", Receivable, Revenue, 49m);
        Assert.Single(await books.PostAsync(one, one));
        Assert.Equal(49m, await books.BalanceAsync(Receivable));

        await Assert.ThrowsAsync<LedgerRefusedException>(() => books.PostAsync(
            Books.Transfer("other", Receivable, Revenue, 1m), Books.Transfer("other", Receivable, Revenue, 2m)));
    }

    [Fact]
    public async Task A_currency_that_does_not_balance_is_refused_before_it_is_sent()
    {
        var euros = books.Account(AccountKind.Revenue, customer, Currency.Eur);
        var mixed = new LedgerTransaction(
            "mixed", "test", null, null, Books.Start, [Receivable.Debit(new Money(5m, Currency.Usd)), euros.Credit(new Money(5m, Currency.Eur))]);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => books.PostAsync(mixed));

        Assert.Contains("does not balance in USD", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AccountKind.CustomerCreditPaid)]
    [InlineData(AccountKind.CustomerCreditPromotional)]
    public async Task Credit_is_not_spent_that_is_not_there(AccountKind kind)
    {
        var credit = books.Account(kind, customer);
        await books.PostAsync(Books.Transfer("bought", Cash, credit, 10m));
        await books.PostAsync(Books.Transfer("spent", credit, Revenue, 9.99m));

        var refused = await Assert.ThrowsAsync<LedgerRefusedException>(() => books.PostAsync(Books.Transfer("too much", credit, Revenue, 0.02m)));

        Assert.StartsWith(kind.NameOf() + "/USD/", refused.OverdrawnAccount, StringComparison.Ordinal);
        Assert.Equal(-0.01m, await books.BalanceAsync(credit));
    }

    [Fact]
    public async Task What_is_posted_is_not_kept_when_the_caller_does_not_commit()
    {
        await using (var session = await books.Database.BeginAsync(CancellationToken.None))
        {
            await GeneralLedger.PostAsync(
                session, [Books.Transfer("issued", Receivable, Revenue, 49m)], Books.Start, CancellationToken.None);
        }

        Assert.Equal(0, await books.ReadAsync<int>("select count(*) from invoicing.ledger_transaction"));
        Assert.Single(await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m)));
    }

    [Theory]
    [InlineData("update invoicing.ledger_entry set amount = amount * 2")]
    [InlineData("delete from invoicing.ledger_entry")]
    [InlineData("truncate invoicing.ledger_entry")]
    [InlineData("update invoicing.ledger_transaction set customer_id = null")]
    [InlineData("delete from invoicing.ledger_transaction")]
    [InlineData("delete from invoicing.ledger_batch")]
    [InlineData("update invoicing.ledger_account set minor_digits = 3")]
    [InlineData("delete from invoicing.ledger_balance")]
    public async Task Nobody_changes_or_removes_what_is_posted(string sql)
    {
        await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => books.ExecuteAsync(sql));

        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_that_do_not_balance_do_not_pass_the_commit()
    {
        await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => books.ExecuteAsync("""
            insert into invoicing.ledger_transaction (id, batch_id, key, payload_hash, kind, effective_at, posted_at)
            values ('01900000-0000-7000-8000-0000000000aa', 99, 'forged', sha256('x'), 'forged', '2026-01-15Z', '2026-01-15Z');
            insert into invoicing.ledger_batch (id, xact, posted_at, transactions, entries)
            values (99, pg_current_xact_id(), '2026-01-15Z', 1, 2);
            insert into invoicing.ledger_entry (transaction_id, position, account_id, amount, effective_at)
            select '01900000-0000-7000-8000-0000000000aa', row_number() over (order by id), id, 5, '2026-01-15Z' from invoicing.ledger_account;
            """));

        Assert.Equal("The entries of ledger transaction forged do not balance.", refused.MessageText);
    }

    [Theory]
    [InlineData("transaction_id, 3::smallint, account_id, amount", "added to what was posted")]
    [InlineData("'01900000-0000-7000-8000-0000000000aa', position, account_id, amount", "added to what was posted")]
    public async Task Nothing_is_added_to_what_was_posted_or_stands_alone(string columns, string message)
    {
        await books.PostAsync(Books.Transfer("issued", Receivable, Revenue, 49m));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => books.ExecuteAsync($"""
            insert into invoicing.ledger_entry (transaction_id, position, account_id, amount, effective_at)
            select {columns}, effective_at from invoicing.ledger_entry where position = 1
            """));

        Assert.Contains(message, refused.MessageText, StringComparison.Ordinal);
    }
}
