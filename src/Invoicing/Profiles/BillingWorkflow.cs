using System.Text.Json.Serialization;
using Metering.Invoicing.Taxes;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>
/// How a customer is billed: the same shape in requests, in answers and on each invoice, which keeps the workflow it began with. What a request
/// leaves out is as OpenMeter has it.
/// </summary>
public sealed record BillingWorkflow
{
    public const string ChargeAutomatically = "charge_automatically";
    public const string SendInvoice = "send_invoice";
    public const string BillActualPeriod = "bill_actual_period";
    public const string BillFullPeriod = "bill_full_period";

    public CollectionSettings Collection { get; init; } = new();

    public InvoicingSettings Invoicing { get; init; } = new();

    public PaymentSettings Payment { get; init; } = new();

    public TaxSettings Tax { get; init; } = new();

    [JsonIgnore]
    public bool ChargesAutomatically => Payment.CollectionMethod == ChargeAutomatically;

    [JsonIgnore]
    public bool BillsFullLastPeriod => Invoicing.SubscriptionEndProrationMode == BillFullPeriod;

    /// <summary>When what falls due is collected: at once, or with all else of the customer at the next of its regular days.</summary>
    public Instant CollectedFrom(Instant dueAt) => Collection.Alignment.RecurringPeriod?.FirstAtOrAfter(dueAt) ?? dueAt;

    /// <summary>Until when late usage is waited for.</summary>
    public Instant CollectionEnd(Instant collectedFrom) => IsoPeriod.Add(collectedFrom, Collection.Interval);

    public Instant DraftEnd(Instant collectedAt) => IsoPeriod.Add(collectedAt, Invoicing.DraftPeriod);

    public Instant DueAt(Instant issuedAt) => IsoPeriod.Add(issuedAt, Invoicing.DueAfter);

    public sealed record CollectionSettings
    {
        public CollectionAlignment Alignment { get; init; } = new("subscription");

        /// <summary>ISO 8601: how long late usage is waited for before the quantities are taken.</summary>
        public string Interval { get; init; } = "PT1H";
    }

    /// <param name="Type"><c>subscription</c>: when it falls due; <c>anchored</c>: on the days of <paramref name="RecurringPeriod"/>.</param>
    public sealed record CollectionAlignment(string Type, RecurringDays? RecurringPeriod = null);

    public sealed record InvoicingSettings
    {
        /// <summary>Issues by itself when the draft period has passed; otherwise somebody has to approve.</summary>
        public bool AutoAdvance { get; init; } = true;

        public string DraftPeriod { get; init; } = "P0D";

        public string DueAfter { get; init; } = "P30D";

        /// <summary>Whether usage of a period that still runs may be billed when an invoice is asked for.</summary>
        public bool ProgressiveBilling { get; init; } = true;

        /// <summary>Whether a fee is due in full for a period that the end of the subscription cut short.</summary>
        public string SubscriptionEndProrationMode { get; init; } = BillActualPeriod;

        /// <summary>For lines that say nothing about tax.</summary>
        public TaxConfig? DefaultTaxConfig { get; init; }
    }

    public sealed record PaymentSettings
    {
        public string CollectionMethod { get; init; } = ChargeAutomatically;
    }

    /// <summary>Whether tax is calculated, and whether a document without it may be issued.</summary>
    public sealed record TaxSettings
    {
        public bool Enabled { get; init; } = true;

        public bool Enforced { get; init; }
    }
}
