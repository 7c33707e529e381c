using System.Text.RegularExpressions;
using Metering.Invoicing.Ledger;
using Metering.Platform.Identifiers;
using Npgsql;
using Xunit;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>What was sealed cannot be changed without being found, not even by a superuser who switches every guard off.</summary>
public sealed partial class ChainTests : IAsyncLifetime
{
    private const string NoGuards = "set local session_replication_role = replica; ";
    private Books books = null!;
    private LedgerSealer sealer = null!;

    public async ValueTask InitializeAsync()
    {
        books = await Books.OpenAsync();
        sealer = new LedgerSealer(books.Database);
    }

    public async ValueTask DisposeAsync() => await books.DisposeAsync();

    [Fact]
    public async Task A_chain_of_several_blocks_holds_and_leads_through_every_head_that_was_exported()
    {
        await SealAsync("a", "b");
        var first = (await VerifyAsync()).Head!;
        await SealAsync("c");
        await PostAsync("d");

        var verdict = await VerifyAsync(first);

        Assert.Null(verdict.Break);
        Assert.Equal((2, 3, 1), (verdict.Head!.Number, verdict.Sealed, verdict.Unsealed));
        Assert.Equal(verdict.Head, ChainHead.TryParse(verdict.Head.ToString()));
    }

    [Theory]
    [InlineData("update invoicing.ledger_entry set amount = amount * 2 where transaction_id = @b",
        "Block 1: transaction b does not say what it said")]
    [InlineData("update invoicing.ledger_entry set amount = -amount where transaction_id = @c",
        "Block 2: transaction c does not say what it said")]
    [InlineData("update invoicing.ledger_transaction set effective_at = effective_at + interval '1 day' where key = 'b'",
        "Block 1: transaction b does not say what it said")]
    [InlineData("update invoicing.ledger_transaction set posted_at = posted_at + interval '1 day' where key = 'b'",
        "Block 1 is not what was sealed.")]
    [InlineData("delete from invoicing.ledger_transaction where key = 'c'", "Block 2 was sealed with 1 transactions and has 0.")]
    [InlineData("update invoicing.ledger_account set kind = 'breakage' where kind = 'revenue'", "Block 1: transaction a does not say what it said")]
    [InlineData("delete from invoicing.ledger_block where number = 1", "Block 1 is missing.")]
    [InlineData("update invoicing.ledger_block set hash = sha256('x') where number = 1", "Block 1 is not what was sealed.")]
    [InlineData("update invoicing.ledger_block set previous_hash = sha256('x') where number = 2", "Block 2 does not follow on block 1.")]
    [InlineData("update invoicing.ledger_entry set amount = amount * 2 where transaction_id = @d",
        "Behind block 2: transaction d does not say what it said")]
    public async Task A_change_is_found_and_the_first_break_is_named(string tampering, string expected)
    {
        await SealAsync("a", "b");
        await SealAsync("c");
        await PostAsync("d");

        await books.ExecuteAsync(NoGuards + Transaction().Replace(tampering, "(select id from invoicing.ledger_transaction where key = '$1')"));

        Assert.StartsWith(expected, (await VerifyAsync()).Break, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_that_was_computed_anew_is_found_by_the_head_that_was_exported()
    {
        await SealAsync("a", "b");
        await SealAsync("c");
        var exported = (await VerifyAsync()).Head!;
        await books.ExecuteAsync(NoGuards + """
            delete from invoicing.ledger_entry where transaction_id = (select id from invoicing.ledger_transaction where key = 'b');
            delete from invoicing.ledger_transaction where key = 'b';
            truncate invoicing.ledger_block;
            """);
        await sealer.SealAsync(Books.Start, CancellationToken.None);

        Assert.Null((await VerifyAsync()).Break);
        Assert.StartsWith("Block 2, which was exported, is missing", (await VerifyAsync(exported)).Break, StringComparison.Ordinal);
        Assert.StartsWith(
            "Block 1 is another than", (await VerifyAsync(exported with { Number = 1 })).Break, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_committed_yet_holds_the_seal_back_and_no_commit()
    {
        await using (var slow = await books.Database.BeginAsync(CancellationToken.None))
        {
            await GeneralLedger.PostAsync(slow, [Transfer("slow")], Books.Start, CancellationToken.None);
            await PostAsync("quick");

            Assert.Equal(0, await sealer.SealAsync(Books.Start, CancellationToken.None));
            await slow.CommitAsync(CancellationToken.None);
        }

        Assert.Equal(2, await SealUntilDoneAsync());
        Assert.Null((await VerifyAsync()).Break);
    }

    [Fact]
    public async Task Sealers_and_writers_at_the_same_time_make_one_chain()
    {
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await PostAsync($"{writer}/{i}");
            }
        })).ToArray();
        var others = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var own = new LedgerSealer(books.Database);
            while (!writers.All(writer => writer.IsCompleted))
            {
                await own.SealAsync(Books.Start, CancellationToken.None);
            }
        })).ToArray();
        await Task.WhenAll([.. writers, .. others]);
        await SealUntilDoneAsync();

        var verdict = await VerifyAsync();

        Assert.Null(verdict.Break);
        Assert.Equal((100, 0), (verdict.Sealed, verdict.Unsealed));
    }

    [Fact]
    public async Task A_role_that_serves_can_post_and_read_and_change_nothing()
    {
        const string role = "ledger_chain_tests_serving";
        await books.ExecuteAsync($"""
            do $$ begin create role {role}; exception when duplicate_object or unique_violation then null; end $$;
            grant usage on schema invoicing, platform to {role};
            grant select on all tables in schema invoicing to {role};
            """);
        await using var session = await books.Database.BeginAsync(CancellationToken.None);
        await session.ExecuteAsync($"set local role {role}", null, CancellationToken.None);

        Assert.Single(await GeneralLedger.PostAsync(session, [Transfer("as served")], Books.Start, CancellationToken.None));
        await session.ExecuteAsync("set constraints all immediate", null, CancellationToken.None);
        foreach (var sql in new[]
        {
            "insert into invoicing.ledger_balance (account_id) values (1)", "update invoicing.ledger_balance set amount = 0",
            "update invoicing.ledger_entry set amount = 1", "delete from invoicing.ledger_transaction", "truncate invoicing.ledger_block",
        })
        {
            await session.ExecuteAsync("savepoint before", null, CancellationToken.None);
            var denied = await Assert.ThrowsAsync<PostgresException>(() => session.ExecuteAsync(sql, null, CancellationToken.None));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, denied.SqlState);
            await session.ExecuteAsync("rollback to before", null, CancellationToken.None);
        }
    }

    /// <summary>The id of a transaction, by its key.</summary>
    [GeneratedRegex("@([a-z])")]
    private static partial Regex Transaction();

    private LedgerTransaction Transfer(string key)
    {
        var customer = PublicId.New(Books.Start);
        return Books.Transfer(key, books.Account(AccountKind.Receivable, customer), books.Account(AccountKind.Revenue, customer), 5m);
    }

    private Task PostAsync(string key) => books.PostAsync(Transfer(key));

    private async Task SealAsync(params string[] keys)
    {
        await books.PostAsync([.. keys.Select(Transfer)]);
        Assert.Equal(keys.Length, await SealUntilDoneAsync());
    }

    /// <summary>Transactions of other databases of the same server may be about for a moment.</summary>
    private async Task<int> SealUntilDoneAsync()
    {
        var all = 0;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await books.ReadAsync<bool>("""
            select exists (select from invoicing.ledger_batch where id > coalesce((select max(through_batch) from invoicing.ledger_block), 0))
            """))
        {
            all += await sealer.SealAsync(Books.Start, limit.Token);
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }

        return all;
    }

    private Task<ChainVerdict> VerifyAsync(ChainHead? exported = null) => LedgerChain.VerifyAsync(books.Database, exported, CancellationToken.None);
}
