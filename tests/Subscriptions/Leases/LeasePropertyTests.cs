using FsCheck;
using FsCheck.Fluent;
using Metering.Contracts.Sidecar;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Leases;
using NodaTime;
using Xunit;

namespace Metering.Subscriptions.Tests.Leases;

/// <summary>The protocol in memory: sidecars that spend, report, repeat themselves, forget answers and die, in any order.</summary>
public sealed class LeasePropertyTests
{
    private const int Sidecars = 3;
    private const int Cap = 40;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 15, 0, 0);

    [Fact]
    public void Whatever_sidecars_do_a_hard_pool_conserves_and_nobody_spends_beyond_it() =>
        Prop.ForAll<int[]>(steps => new World(hard: true).Run(steps)).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(200));

    [Fact]
    public void A_soft_pool_accounts_for_every_unit_too() =>
        Prop.ForAll<int[]>(steps => new World(hard: false).Run(steps)).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(200));

    private sealed class World(bool hard)
    {
        private readonly Guid entitlement = PublicId.New(Start);
        private readonly List<Holding> holdings = [];
        private Pool pool = null!;
        private Lease[] leases = [];
        private LeaseExchangeRequest? lastRequest;
        private LeaseExchangeResponse? lastResponse;

        public bool Run(int[] steps)
        {
            pool = new Pool(PublicId.New(Start), entitlement, Start, Start + Duration.FromDays(1), hard, Cap, 0, 0, 0, closed: false);
            foreach (var step in steps)
            {
                Take(unchecked((uint)step));
                Verify();
            }

            return true;
        }

        private void Take(uint step)
        {
            var (sidecar, amount) = ($"sidecar-{step / 8 % Sidecars}", step / 32 % 12);
            var mine = holdings.Where(holding => holding.Sidecar == sidecar && !holding.Closed).ToList();
            switch (step % 8)
            {
                case 0 or 1:
                    Ask(sidecar, amount, needed: step % 8 == 1 ? amount : 0, hears: true);
                    break;
                case 2:
                    Ask(sidecar, amount, needed: 0, hears: false);
                    break;
                case 3 or 4 when mine.Count > 0:
                    var spending = mine[(int)(step / 512 % mine.Count)];
                    spending.Spent = Math.Min(spending.Granted, spending.Spent + amount);
                    break;
                case 5 or 6 when mine.Count > 0:
                    Report(mine[(int)(step / 512 % mine.Count)], close: step % 8 == 6);
                    break;
                case 7 when lastRequest is not null && step % 2 == 1:
                    Repeat();
                    break;
                default:
                    pool.Metered += amount;
                    break;
            }
        }

        private void Ask(string sidecar, long wanted, long needed, bool hears)
        {
            var id = PublicId.Format(PublicId.New(Start));
            var request = new LeaseRequest(id, PublicId.Format(entitlement), wanted, needed);
            var answer = Exchange(new LeaseExchangeRequest(sidecar, [], [request])).Leases[0];
            if (answer.Outcome == LeaseOutcome.Granted && hears)
            {
                holdings.Add(new Holding(sidecar, id, answer.Granted));
                Assert.True(answer.Granted >= needed);
            }
        }

        private void Report(Holding holding, bool close)
        {
            var report = new LeaseReport(holding.Id, holding.Spent, close);
            var outcome = Exchange(new LeaseExchangeRequest(holding.Sidecar, [report], [])).Reports[0].Outcome;
            Assert.Equal(ReportOutcome.Recorded, outcome);
            holding.Closed = close;
        }

        /// <summary>The answer got lost and the sidecar asks again: leases get the same answer, and the account does not move.</summary>
        private void Repeat()
        {
            var (settled, held, before) = (pool.Settled, pool.Held, lastResponse!);
            var again = Exchange(lastRequest!);
            if (before.Leases is [{ Outcome: LeaseOutcome.Granted } first])
            {
                Assert.Equal(first with { TtlMilliseconds = 0 }, again.Leases[0] with { TtlMilliseconds = 0 });
            }

            if (before.Leases is not [{ Outcome: not LeaseOutcome.Granted }])
            {
                Assert.Equal((settled, held), (pool.Settled, pool.Held));
            }
        }

        private LeaseExchangeResponse Exchange(LeaseExchangeRequest request)
        {
            var book = new LeaseBook(leases, [pool], request.SidecarId, Sidecars, ttlMilliseconds: 30_000, neverGranted: []);
            lastResponse = new LeaseExchangeResponse(
                [.. request.Reports.Select(report => new ReportAnswer(report.LeaseId, book.Apply(report)))],
                [.. request.Requests.Select(book.Apply)]);
            lastRequest = request;
            leases = [.. book.Leases];
            return lastResponse;
        }

        private void Verify()
        {
            Assert.Equal(pool.Settled, leases.Sum(lease => lease.Spent));
            Assert.Equal(pool.Held, leases.Sum(lease => lease.Held));
            Assert.All(leases, lease => Assert.True(lease.Spent + lease.Held <= lease.Granted));
            if (hard)
            {
                Assert.True(pool.Settled + pool.Held <= Cap, $"{pool.Settled} + {pool.Held} > {Cap}");
                Assert.True(holdings.Sum(holding => holding.Spent) <= Cap, "More was spent than the cap.");
            }
        }
    }

    private sealed class Holding(string sidecar, string id, long granted)
    {
        public string Sidecar => sidecar;

        public string Id => id;

        public long Granted => granted;

        public long Spent { get; set; }

        public bool Closed { get; set; }
    }
}
