using FsCheck;
using FsCheck.Fluent;
using Metering.Invoicing.Ledger;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Testing;
using Xunit;

namespace Metering.Invoicing.Tests.Ledger;

/// <summary>What holds of every sequence of postings, and of many at a time.</summary>
public sealed class PostingLawTests : IAsyncLifetime
{
    private const int Customers = 3;
    private const int Writers = 8;
    private const int BatchesEach = 25;

    private static readonly AccountKind[] Kinds =
        [AccountKind.Receivable, AccountKind.Revenue, AccountKind.CashClearing, AccountKind.TaxPayable, AccountKind.UsageRatedUnbilled];

    private static readonly Currency[] Currencies = [Currency.Usd, Currency.Eur, Currency.Parse("JPY"), Currency.Parse("KWD")];

    private readonly Guid[] customers = [.. Enumerable.Range(0, Customers).Select(_ => PublicId.New(Books.Start))];
    private Books books = null!;

    public async ValueTask InitializeAsync() => books = await Books.OpenAsync();

    public async ValueTask DisposeAsync() => await books.DisposeAsync();

    [Fact]
    public void Any_sequence_of_postings_keeps_the_trial_balance_at_zero_and_balances_at_the_sum_of_their_entries()
    {
        var runs = 0;
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(60),
            Prop.ForAll(Batches().ToArbitrary(), batches =>
            {
                runs++;
                foreach (var (batch, number) in batches.Select((batch, i) => (batch, i)))
                {
                    LedgerTransaction[] transactions = [.. batch.Select((draft, i) => Make($"{runs}/{number}/{i}", draft))];
                    var posted = books.PostAsync(transactions).GetAwaiter().GetResult();
                    Assert.Equal(transactions.Length, posted.Length);
                    Assert.Empty(books.PostAsync(transactions).GetAwaiter().GetResult());
                }

                AssertBalanced().GetAwaiter().GetResult();
            }));
        Assert.Equal(60, runs);
    }

    [Fact]
    public async Task Writers_who_post_to_the_same_accounts_in_any_order_all_come_through()
    {
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var chance = new SplitMix((ulong)writer + 1);
            for (var batch = 0; batch < BatchesEach; batch++)
            {
                // Half of the keys are everybody's: whoever comes second passes them over.
                LedgerTransaction[] transactions =
                [
                    .. Enumerable.Range(0, 20).Select(i => i % 2 == 0
                        ? Transfer($"shared/{batch}/{i}", i, new SplitMix((ulong)((batch * 100) + i)))
                        : Transfer($"{writer}/{batch}/{i}", i, chance)),
                ];
                chance.Shuffle(transactions);
                await books.PostAsync(transactions);
            }
        }));

        await Task.WhenAll(writers);

        await AssertBalanced();
        Assert.Equal((Writers + 1) * BatchesEach * 10, await books.ReadAsync<int>("select count(*) from invoicing.ledger_transaction"));
        Assert.Equal(0, await books.ReadAsync<int>("select deadlocks from pg_stat_database where datname = current_database()"));
    }

    private async Task AssertBalanced()
    {
        Assert.Equal(0, await books.ReadAsync<int>("""
            select count(*)
            from (
                select from invoicing.ledger_entry e join invoicing.ledger_account a on a.id = e.account_id
                group by a.currency having sum(e.amount) <> 0) as unbalanced
            """));
        Assert.Equal(0, await books.ReadAsync<int>("""
            select count(*)
            from invoicing.ledger_balance b
            left join (select account_id, sum(amount) as amount, count(*) as n from invoicing.ledger_entry group by account_id) e using (account_id)
            where b.amount <> coalesce(e.amount, 0) or b.entries <> coalesce(e.n, 0)
            """));
    }

    private LedgerTransaction Transfer(string key, int i, SplitMix chance) => Books.Transfer(
        key, books.Account(Kinds[chance.Below(Kinds.Length)], customers[i % Customers]),
        books.Account(Kinds[chance.Below(Kinds.Length)], customers[chance.Below(Customers)]), (1 + chance.Below(100_000)) * 0.01m);

    /// <summary>Each draft is a list of legs in one currency; the last leg takes what is left.</summary>
    private LedgerTransaction Make(string key, Draft draft)
    {
        var currency = Currencies[draft.Currency];
        var legs = draft.Legs.Select(leg => new LedgerEntry(
            books.Account(Kinds[leg.Kind], customers[leg.Customer], currency), leg.Minor * currency.MinorUnit, null)).ToList();
        var left = -legs.Sum(leg => leg.Amount);
        legs.Add(new LedgerEntry(books.Account(AccountKind.BadDebt, customers[0], currency), left == 0m ? currency.MinorUnit : left, null));
        if (left == 0m)
        {
            legs.Add(new LedgerEntry(books.Account(AccountKind.Breakage, customers[0], currency), -currency.MinorUnit, null));
        }

        return new LedgerTransaction(key, "test.random", null, customers[0], Books.Start, [.. legs]);
    }

    private static Gen<Draft[][]> Batches()
    {
        var leg = from kind in Gen.Choose(0, Kinds.Length - 1)
                  from customer in Gen.Choose(0, Customers - 1)
                  from sign in Gen.Elements(-1, 1)
                  from minor in Gen.OneOf(Gen.Choose(1, 100), Gen.Choose(1, int.MaxValue))
                  select new Leg(kind, customer, sign * minor);
        var draft = from currency in Gen.Choose(0, Currencies.Length - 1)
                    from legs in Gen.NonEmptyListOf(leg)
                    select new Draft(currency, [.. legs]);
        var batch = from drafts in Gen.NonEmptyListOf(draft) select drafts.ToArray();
        return from batches in Gen.NonEmptyListOf(batch) select batches.Take(4).ToArray();
    }

    private sealed record Leg(int Kind, int Customer, long Minor);

    private sealed record Draft(int Currency, Leg[] Legs);
}
