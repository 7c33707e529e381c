using System.Text;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>Which lines each boundary bills: <c>boundary | line: from → to</c>, in the customer's local time.</summary>
public sealed class BillingPlannerTests
{
    private static readonly BillableRateCard Advance = Some.Fee("fee", 31m, PaymentTerm.InAdvance);
    private static readonly BillableRateCard Arrears = Some.Fee("support", 10m, PaymentTerm.InArrears);
    private static readonly BillableRateCard Tokens = Some.Metered("tokens", new Price.PerUnit(1m));
    private static readonly BillableRateCard Setup = Some.Fee("setup", 99m, PaymentTerm.InAdvance, cadence: null);

    [Fact]
    public void Fees_open_a_period_and_usage_closes_it() => Check(
        Some.Subscription("2026-01-10", rateCards: [Advance, Arrears, Tokens, Setup]), 3, """
        2026-01-10T00 | fee: 2026-01-10T00 → 2026-02-10T00
        2026-01-10T00 | setup: 2026-01-10T00 → 2026-02-10T00
        2026-02-10T00 | fee: 2026-02-10T00 → 2026-03-10T00
        2026-02-10T00 | support: 2026-01-10T00 → 2026-02-10T00
        2026-02-10T00 | tokens: 2026-01-10T00 → 2026-02-10T00
        2026-03-10T00 | fee: 2026-03-10T00 → 2026-04-10T00
        2026-03-10T00 | support: 2026-02-10T00 → 2026-03-10T00
        2026-03-10T00 | tokens: 2026-02-10T00 → 2026-03-10T00
        """);

    [Fact]
    public void A_start_in_the_middle_of_an_anchored_month_serves_the_rest_of_it() => Check(
        Some.Subscription("2026-01-10", anchor: "2026-01-01", rateCards: [Advance, Tokens]), 2, """
        2026-01-10T00 | fee: 2026-01-10T00 → 2026-02-01T00
        2026-02-01T00 | fee: 2026-02-01T00 → 2026-03-01T00
        2026-02-01T00 | tokens: 2026-01-10T00 → 2026-02-01T00
        """);

    [Fact]
    public void An_end_in_the_middle_of_a_period_closes_what_was_served() => Check(
        Some.Subscription("2026-01-01", to: "2026-02-14T12:00:00Z", rateCards: [Advance, Arrears, Tokens]), 9, """
        2026-01-01T00 | fee: 2026-01-01T00 → 2026-02-01T00
        2026-02-01T00 | fee: 2026-02-01T00 → 2026-02-14T12
        2026-02-01T00 | support: 2026-01-01T00 → 2026-02-01T00
        2026-02-01T00 | tokens: 2026-01-01T00 → 2026-02-01T00
        2026-02-14T12 | support: 2026-02-01T00 → 2026-02-14T12
        2026-02-14T12 | tokens: 2026-02-01T00 → 2026-02-14T12
        """);

    [Fact]
    public void Periods_from_the_31st_never_drift() => Check(
        Some.Subscription("2026-01-31", rateCards: [Tokens]), 5, """
        2026-02-28T00 | tokens: 2026-01-31T00 → 2026-02-28T00
        2026-03-31T00 | tokens: 2026-02-28T00 → 2026-03-31T00
        2026-04-30T00 | tokens: 2026-03-31T00 → 2026-04-30T00
        2026-05-31T00 | tokens: 2026-04-30T00 → 2026-05-31T00
        """);

    [Fact]
    public void Months_begin_at_midnight_where_the_customer_lives_also_when_clocks_change() => Check(
        Some.Subscription("2026-02-28T23:00:00Z", zone: "Europe/Berlin", rateCards: [Advance]), 3, """
        2026-03-01T00 | fee: 2026-03-01T00 → 2026-04-01T00
        2026-04-01T00 | fee: 2026-04-01T00 → 2026-05-01T00
        2026-05-01T00 | fee: 2026-05-01T00 → 2026-06-01T00
        """, "Europe/Berlin");

    [Fact]
    public void A_phase_that_begins_within_a_month_is_a_boundary_of_its_own() => Check(
        Some.Subscription("2026-01-01", null, null, "P1M", "Etc/UTC",
        [
            new BillablePhase("trial", "Trial", Some.At("2026-01-01"), Some.At("2026-01-15"), [Tokens with { Price = null }]),
            new BillablePhase("paid", "Paid", Some.At("2026-01-15"), null, [Advance, Tokens]),
        ]), 3, """
        2026-01-15T00 | fee: 2026-01-15T00 → 2026-02-01T00
        2026-02-01T00 | fee: 2026-02-01T00 → 2026-03-01T00
        2026-02-01T00 | tokens: 2026-01-15T00 → 2026-02-01T00
        """);

    [Fact]
    public void Other_cadences_fall_due_on_the_first_bill_at_or_after_them() => Check(
        Some.Subscription("2026-01-01", rateCards:
        [
            Some.Metered("weekly", new Price.PerUnit(1m), "P1W"), Some.Fee("yearly", 120m, PaymentTerm.InAdvance, "P1Y"),
        ]), 3, """
        2026-01-01T00 | yearly: 2026-01-01T00 → 2027-01-01T00
        2026-02-01T00 | weekly: 2026-01-01T00 → 2026-01-08T00
        2026-02-01T00 | weekly: 2026-01-08T00 → 2026-01-15T00
        2026-02-01T00 | weekly: 2026-01-15T00 → 2026-01-22T00
        2026-02-01T00 | weekly: 2026-01-22T00 → 2026-01-29T00
        2026-03-01T00 | weekly: 2026-01-29T00 → 2026-02-05T00
        2026-03-01T00 | weekly: 2026-02-05T00 → 2026-02-12T00
        2026-03-01T00 | weekly: 2026-02-12T00 → 2026-02-19T00
        2026-03-01T00 | weekly: 2026-02-19T00 → 2026-02-26T00
        """);

    [Fact]
    public void An_item_without_a_price_makes_no_line() => Check(
        Some.Subscription("2026-01-01", rateCards: [Some.Metered("requests", null)]), 3, "");

    [Fact]
    public void What_is_running_is_each_items_period_of_now()
    {
        var subscription = Some.Subscription("2026-01-01", rateCards: [Advance, Setup, Tokens, Some.Metered("weekly", new Price.PerUnit(1m), "P1W")]);
        var running = BillingPlanner.LinesRunningAt(subscription, Some.At("2026-02-20"));
        Assert.Equal(
            ["fee 2026-02-01T00:00:00Z", "tokens 2026-02-01T00:00:00Z", "weekly 2026-02-19T00:00:00Z"],
            running.Select(line => $"{line.RateCard.Name} {line.Period.Served.Start}"));
    }

    [Theory]
    [InlineData("2026-01-31", null, 40)]
    [InlineData("2026-01-10", "2027-03-05T07:30:00Z", 40)]
    [InlineData("2028-02-29", "2031-01-01", 60)]
    public void Every_instant_of_usage_is_billed_exactly_once(string from, string? to, int boundaries)
    {
        foreach (var cadence in new[] { "P1M", "P1W", "P3M", "P10D" })
        {
            var subscription = Some.Subscription(from, to, rateCards: [Some.Metered("usage", new Price.PerUnit(1m), cadence)]);
            var lines = Bills(subscription, boundaries).SelectMany(bill => bill.Lines).ToArray();
            var reached = subscription.ActiveFrom;
            foreach (var line in lines)
            {
                Assert.Equal(reached, line.Period.Billed.Start);
                reached = line.Period.Billed.End;
            }

            Assert.True(lines.Length > 0);
            Assert.Equal(subscription.ActiveTo ?? reached, reached);
        }
    }

    private static void Check(BillableSubscription subscription, int boundaries, string expected, string zone = "Etc/UTC")
    {
        var text = new StringBuilder();
        foreach (var (boundary, lines) in Bills(subscription, boundaries))
        {
            foreach (var line in lines)
            {
                var period = line.Period.Served;
                text.AppendLine($"{Local(boundary, zone)} | {line.RateCard.Name}: {Local(period.Start, zone)} → {Local(period.End, zone)}");
            }
        }

        Assert.Equal(expected.Trim(), text.ToString().Trim());
    }

    private static IEnumerable<(Instant Boundary, IEnumerable<PlannedLine> Lines)> Bills(BillableSubscription subscription, int count)
    {
        var ledger = new BillingRecord();
        for (var i = 0; i < count && ledger.CloseNext(subscription, _ => 0m); i++)
        {
            yield return (ledger.BilledThrough!.Value, ledger.Closed[^1].Plan.Lines);
        }
    }

    private static string Local(Instant instant, string zone) =>
        instant.InZone(DateTimeZoneProviders.Tzdb[zone]).LocalDateTime.ToString("uuuu-MM-dd'T'HH", System.Globalization.CultureInfo.InvariantCulture);
}
