using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using NodaTime;
using Xunit;

namespace Metering.Invoicing.Tests.Credits;

/// <summary>Whatever happens to a wallet in whatever order: no credit appears and none disappears.</summary>
public sealed class CreditBookLawTests
{
    [Fact]
    public void What_was_granted_is_consumed_or_left_or_expired_or_voided() =>
        Prop.ForAll<int[]>(steps => new Wallet().Run(steps)).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(60));

    private sealed class Wallet
    {
        private readonly List<CreditGrant> granted = [];
        private readonly List<CreditMovement> written = [];
        private readonly List<Guid> documents = [];
        private Dictionary<Guid, CreditGrant> stored = [];
        private Money balance = Money.Zero(Currency.Usd);
        private Instant now = Some.At("2026-01-01");

        public bool Run(int[] steps)
        {
            foreach (var step in steps.Select(step => unchecked((uint)step * 2_654_435_761u)).Select(bits => bits ^ (bits >> 15)))
            {
                now += Duration.FromHours(step / 16 % 100);
                Take(step);
                Verify();
            }

            return true;
        }

        private void Take(uint step)
        {
            switch (step % 8)
            {
                case 0 or 1 or 2:
                    Grant(step);
                    break;
                case 3 or 4 or 5:
                    Write(book => book.Consume(Document(), Lines(step), now));
                    break;
                case 6 when documents.Count > 0:
                    GiveBack(documents[(int)(step / 8 % documents.Count)]);
                    break;
                case 7 when stored.Values.Where(grant => grant.IsUsableAt(now)).ToArray() is { Length: > 0 } usable:
                    Write(book => book.Void(usable[step / 8 % usable.Length].Id, now));
                    break;
            }
        }

        private void Grant(uint step)
        {
            var amount = new Money((1 + (step / 8 % 5_000)) / 100m, Currency.Usd);
            var from = now + Duration.FromHours(step / 64 % 3 == 0 ? 40 : 0);
            var grant = new CreditGrant(
                new Guid(granted.Count + 1, 0, 0, new byte[8]), granted.Count + 1, "grant", step / 128 % 2 == 0, amount,
                step / 256 % 3 == 0 ? ["tokens"] : [], (int)(step / 512 % 3) + 1, from,
                step / 1024 % 2 == 0 ? from + Duration.FromHours(100) : null, null, null, Money.Zero(Currency.Usd));
            granted.Add(grant);
            stored.Add(grant.Id, grant);
            Write(book => book.SettleUntil(now));
        }

        private Guid Document()
        {
            documents.Add(new Guid(documents.Count + 1, 2, 0, new byte[8]));
            return documents[^1];
        }

        private static ImmutableArray<CreditableLine> Lines(uint step) =>
        [
            .. Enumerable.Range(0, 1 + (int)(step / 8 % 3)).Select(i => new CreditableLine(
                new Guid(i, 1, 0, new byte[8]), (step >> i) % 2 == 0 ? "tokens" : null,
                new Money(((int)((step >> (i + 3)) % 6_000) - 1_000) / 100m, Currency.Usd))),
        ];

        /// <summary>What the store finds: what the document took of each grant for each line, net.</summary>
        private void GiveBack(Guid document)
        {
            var taken = written.Where(movement => movement.InvoiceId == document)
                .GroupBy(movement => (movement.GrantId, movement.LineId))
                .Select(group => group.First() with { Amount = new Money(group.Sum(movement => movement.Amount.Amount), Currency.Usd) })
                .Where(movement => !movement.Amount.IsZero)
                .ToArray();
            Write(book => book.GiveBack(taken, now));
            Assert.Equal(0m, written.Where(movement => movement.InvoiceId == document).Sum(movement => movement.Amount.Amount));
        }

        private void Write(Action<CreditBook> change)
        {
            var book = new CreditBook(stored.Values, balance);
            change(book);
            written.AddRange(book.Movements);
            stored = book.Grants.ToDictionary(grant => grant.Id);
            balance = book.Balance;
        }

        private void Verify()
        {
            decimal Sum(Guid id, params CreditMovementType[] types) =>
                written.Where(movement => movement.GrantId == id && types.Contains(movement.Type)).Sum(movement => movement.Amount.Amount);
            foreach (var grant in stored.Values)
            {
                var funded = Sum(grant.Id, CreditMovementType.Funded);
                var gone = Sum(grant.Id, CreditMovementType.Consumed, CreditMovementType.Expired, CreditMovementType.Voided);
                Assert.Equal(grant.FundedAt is null ? 0m : grant.Amount.Amount, funded);
                Assert.Equal(grant.Remaining.Amount, funded + gone);
                Assert.InRange(grant.Remaining.Amount, 0m, grant.Amount.Amount);
                Assert.False(grant.FundedAt is null && grant.EffectiveAt <= now && grant.IsUsableAt(now));
            }

            Assert.Equal(balance.Amount, stored.Values.Sum(grant => grant.Remaining.Amount));
            Assert.Equal(balance.Amount, written.Sum(movement => movement.Amount.Amount));
            foreach (var (before, after) in written.Zip(written.Skip(1)))
            {
                Assert.Equal(before.After, after.Before);
            }
        }
    }
}
