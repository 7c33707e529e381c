using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Subscribing;
using NodaTime;
using NodaTime.Text;

namespace Metering.Invoicing.Tests.Support;

/// <summary>Test data that says "any will do", and the field's standard Pro plan.</summary>
internal static class Some
{
    public static readonly Guid SubscriptionId = new("01900000-0000-7000-8000-00000000a001");

    public static Instant At(string text) =>
        text.Contains('T', StringComparison.Ordinal)
            ? InstantPattern.ExtendedIso.Parse(text).Value
            : LocalDatePattern.Iso.Parse(text).Value.AtMidnight().InUtc().ToInstant();

    public static CustomerAccount Customer(string zone = "Etc/UTC", string name = "Initech GmbH") => new(
        new Guid("01900000-0000-7000-8000-00000000c001"), "initech", name, ["initech"], "billing@initech.example", Currency.Usd,
        new PostalAddress("DE", "10115", null, "Berlin", "Invalidenstraße 1"), DateTimeZoneProviders.Tzdb[zone]);

    public static BillingProfile Profile() => new(
        new Guid("01900000-0000-7000-8000-000000000001"), "Summit", null, ImmutableSortedDictionary<string, string>.Empty, true,
        new InvoiceSupplier(
            "Summit AI Ltd", "GB123456789", "billing@summit.example",
            new InvoiceAddress("12 Harbour Street", null, "BS1 4RN", "Bristol", null, "GB"), "GB82WEST12345698765432", "WESTGB2L",
            "Thank you for building with us.\nQuestions about this invoice: billing@summit.example."),
        new BillingWorkflow
        {
            Collection = new BillingWorkflow.CollectionSettings { Interval = "PT0S" },
            Invoicing = new BillingWorkflow.InvoicingSettings { DueAfter = "P14D" },
            Payment = new BillingWorkflow.PaymentSettings { CollectionMethod = BillingWorkflow.SendInvoice },
        },
        "INV", default, default, null);

    public static BillableRateCard Fee(string name, decimal amount, PaymentTerm term, string? cadence = "P1M") => new(
        name, name, null, null, cadence is null ? null : Cadence.Parse(cadence), new Price.Flat(amount, term), RateCardTerms.None);

    public static BillableRateCard Metered(string name, Price? price, string cadence = "P1M", RateCardTerms? terms = null) => new(
        name, name, name, name + "-meter", Cadence.Parse(cadence), price, terms ?? RateCardTerms.None);

    /// <summary>2 M tokens included, then 0.50, 0.40 and 0.30 USD per 100,000.</summary>
    public static Price ProTokens { get; } = new Price.Graduated(
    [
        PriceTier.PerUnit(2_000_000m, 0m), PriceTier.PerUnit(10_000_000m, 0.000005m), PriceTier.PerUnit(50_000_000m, 0.000004m),
        PriceTier.PerUnit(null, 0.000003m),
    ]);

    public static ImmutableArray<BillableRateCard> ProRateCards { get; } =
    [
        new("platform-fee", "Platform fee", null, null, Cadence.Monthly, new Price.Flat(49m, PaymentTerm.InAdvance), RateCardTerms.None),
        new("tokens", "Tokens", "tokens", "tokens_total", Cadence.Monthly, ProTokens, RateCardTerms.None),
        new("requests", "Requests", "summarize", "requests_total", Cadence.Monthly, null, RateCardTerms.None),
    ];

    public static BillableSubscription Subscription(
        string from, string? to = null, string? anchor = null, string cadence = "P1M", string zone = "Etc/UTC",
        params BillableRateCard[] rateCards) =>
        Subscription(from, to, anchor, cadence, zone, [new BillablePhase("default", "Default", At(from), null, [.. rateCards])]);

    public static BillableSubscription Subscription(
        string from, string? to, string? anchor, string cadence, string zone, ImmutableArray<BillablePhase> phases) => new(
        SubscriptionId, "Pro", Customer(zone), new PlanReference(new Guid("01900000-0000-7000-8000-00000000b001"), "pro", "Pro", 1),
        Currency.Usd, Cadence.Parse(cadence), At(anchor ?? from), At(from), to is null ? null : At(to), phases);

    /// <summary>A document as it would be issued, with these quantities for metered lines.</summary>
    public static Invoice Invoice(
        BillableSubscription subscription, Instant boundary, Func<PlannedLine, decimal> usage, string number = "INV-2026-000001")
    {
        var ledger = new BillingRecord();
        while (ledger.BilledThrough != boundary)
        {
            Xunit.Assert.True(ledger.CloseNext(subscription, usage));
        }

        return InvoiceComposition.Draft(subscription, Profile(), ledger.Closed[^1].Lines, new Watermark(42), boundary, boundary) with
        {
            Number = number,
            State = InvoiceState.Issued,
        };
    }
}
