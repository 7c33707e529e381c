using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>
/// Whatever is changed whenever, with the bills that fall due in between: in sum each item pays for exactly the time it was served, and each
/// instant of usage is billed once.
/// </summary>
public sealed class FeeCreditPropertyTests
{
    private static readonly Instant Start = Some.At("2026-01-31T10:00:00Z");
    private static readonly string[] Cadences = ["P1M", "P1W", "P3M", "P1D"];
    private static readonly string[] Currencies = ["USD", "JPY", "KWD"];

    [Fact]
    public void Fees_and_credits_sum_to_what_was_served_and_usage_is_billed_once() =>
        Prop.ForAll<int[]>(steps => new World(steps.Length > 0 ? Spread(steps[0]) : 0).Run(steps))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(40));

    /// <summary>Generated numbers are small; their bits are to decide many things independently.</summary>
    private static uint Spread(int step)
    {
        var bits = unchecked((uint)step * 2_654_435_761u);
        return bits ^ (bits >> 15);
    }

    /// <summary>An item as a subscription would have it, and what it does to bills.</summary>
    private sealed record Sold(Guid Id, Price Price, Cadence Cadence, Instant From, Instant? To)
    {
        public bool IsInAdvance => Price is Price.Flat { Term: PaymentTerm.InAdvance };

        public string Key { get; } = $"item-{Id.ToString("N")[..8]}";
    }

    private sealed class World(uint variant)
    {
        private readonly Currency currency = Currency.Parse(Currencies[variant % 3]);
        private readonly bool prorates = variant / 3 % 4 != 0;
        private readonly BillingRecord ledger = new();
        private readonly List<Sold> sold = [];
        private Instant now = Start;
        private Instant? activeTo;
        private int ids;

        public bool Run(int[] steps)
        {
            Add(0, now);
            Add(1, now);
            foreach (var step in steps.Select(Spread))
            {
                Take(step);
                NothingIsGivenBackThatWasNotPaid();
            }

            activeTo = activeTo is { } end ? Instant.Min(end, now + Duration.FromDays(40)) : now + Duration.FromDays(40);
            while (ledger.CloseNext(Subscription(), _ => 1m))
            {
                NothingIsGivenBackThatWasNotPaid();
            }

            foreach (var item in sold)
            {
                Verify(item);
            }

            return true;
        }

        private void Take(uint step)
        {
            // Half of the steps stay on the boundary that was just closed: a change at that very instant.
            var moved = now + Duration.FromMinutes(step / 64 % 40_000);
            if (step % 2 == 0)
            {
                now = moved;
            }

            while (ledger.CloseNext(Subscription(), _ => 1m, until: now))
            {
            }

            if (step % 4 == 1 && BillingPlannerNext() is { } boundary && boundary < now + Duration.FromDays(30))
            {
                now = boundary;
                ledger.CloseNext(Subscription(), _ => 1m, until: now);
            }

            var ended = activeTo <= now;
            var later = now + Duration.FromHours(step / 8 % 3 * 350);
            var place = (int)(step / 512 % (uint)sold.Count);
            switch (step / 16 % 5)
            {
                case 0 when !ended:
                    Add(step / 1024, later);
                    break;
                case 1 when !ended && !(sold[place].To <= later) && sold[place].From <= later:
                    sold[place] = sold[place] with { To = later };
                    break;
                case 2 when !ended && sold[place].To > now:
                    sold[place] = sold[place] with { To = null };
                    break;
                case 3 when !ended && step / 4096 % 4 == 0:
                    activeTo = later;
                    break;
                case 4 when activeTo > now:
                    activeTo = null;
                    break;
            }
        }

        private Instant? BillingPlannerNext() => Metering.Invoicing.Billing.BillingTimeline.NextBoundary(Subscription(), ledger.BilledThrough);

        private void Add(uint kind, Instant from) => sold.Add(new Sold(
            new Guid(++ids, 0, 0x7000, new byte[8]),
            (kind % 3) switch
            {
                0 => new Price.Flat(1_000m + kind % 97, PaymentTerm.InAdvance),
                1 => new Price.PerUnit(3m),
                _ => new Price.Flat(500m + kind % 89, PaymentTerm.InArrears),
            },
            Cadence.Parse(Cadences[kind / 3 % 4]), from, null));

        private BillableSubscription Subscription() => Some.Subscription(
            "2026-01-31T10:00:00Z", null, null, "P1M", "Europe/Berlin",
            [new BillablePhase("main", "Main", Start, null, [.. sold.Where(item => item.To is null || item.From < item.To).Select(CardOf)])])
            with { ActiveTo = activeTo, Currency = currency, ProratesFees = prorates };

        private static BillableRateCard CardOf(Sold item) => new(
            item.Key, item.Key, null, item.Price is Price.Flat ? null : "meter", item.Cadence, item.Price, RateCardTerms.None)
        {
            ItemId = item.Id, From = item.From, To = item.To,
        };

        private void NothingIsGivenBackThatWasNotPaid()
        {
            var paid = ledger.Closed.SelectMany(closed => closed.Lines).GroupBy(line => line.RateCardKey);
            Assert.All(paid, lines => Assert.True(lines.Sum(line => line.Amount.Amount) >= 0m));
        }

        private void Verify(Sold item)
        {
            var to = item.To is { } itemTo && itemTo < activeTo ? itemTo : activeTo!.Value;
            var lines = ledger.Closed.SelectMany(closed => closed.Lines).Where(line => line.RateCardKey == item.Key).ToList();
            var calendar = Subscription().CalendarOf(item.Cadence);
            ImmutableArray<ServicePeriod> periods = item.From < to
                ? [.. calendar.PeriodsFrom(item.From).TakeWhile(period => period.Start < to)]
                : [];
            if (item.Price is not Price.Flat fee)
            {
                Assert.Equal(
                    periods.Select(full => (Instant.Max(full.Start, item.From), Instant.Min(full.End, to))),
                    lines.Select(line => (line.Period.Start, line.Period.End)).Order());
                return;
            }

            // Exactly, and rounded once: what no sequence of changes may alter.
            var due = periods.Sum(full =>
            {
                var served = new ServicePeriod(Instant.Max(full.Start, item.From), Instant.Min(full.End, to));
                var share = prorates ? fee.Amount * served.Microseconds / full.Microseconds : fee.Amount;
                return new ExactAmount(share, currency).Round(Rounding.HalfAwayFromZero).Amount;
            });
            Assert.Equal(due, lines.Sum(line => line.Amount.Amount));
        }
    }
}
