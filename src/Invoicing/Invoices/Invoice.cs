using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// A document from its first line to its payment. Once it is issued it says the same for ever: what was known then is copied onto it, and only
/// where it stands moves on.
/// </summary>
/// <param name="Number">Gapless within the seller's series and year when it is issued: <c>INV-2026-000001</c>; provisional before.</param>
/// <param name="SubscriptionId">Null when its lines are those of several, or of none.</param>
/// <param name="IssuedAt">When it will be issued, as long as it is not.</param>
/// <param name="Period">From the start of the earliest line to the end of the latest.</param>
/// <param name="Watermark">Everything recorded by then has been counted.</param>
/// <param name="Tax">What is added to the subtotal; tax that prices hold is <see cref="TaxInclusive"/>.</param>
public sealed record Invoice(
    Guid Id,
    string Number,
    InvoiceState State,
    Guid BillingProfileId,
    Guid? SubscriptionId,
    Instant IssuedAt,
    Instant DueAt,
    ServicePeriod Period,
    InvoiceSupplier Supplier,
    InvoiceCustomer Customer,
    InvoicePlan? Plan,
    long Watermark,
    Money Subtotal,
    Money Tax,
    ImmutableArray<InvoiceLine> Lines)
{
    public BillingWorkflow Workflow { get; init; } = new();

    /// <summary>Tax that the subtotal holds already.</summary>
    public Money TaxInclusive { get; init; } = Money.Zero(Subtotal.Currency);

    public ImmutableArray<TaxSum> Taxes { get; init; } = [];

    /// <summary>What prepaid credit pays of the subtotal, before tax.</summary>
    public Money Credits { get; init; } = Money.Zero(Subtotal.Currency);

    public Money Paid { get; init; } = Money.Zero(Subtotal.Currency);

    public string? Description { get; init; }

    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public Instant CreatedAt { get; init; } = IssuedAt;

    public Instant UpdatedAt { get; init; } = IssuedAt;

    /// <summary>Until when late usage is waited for.</summary>
    public Instant? CollectionAt { get; init; }

    /// <summary>Until when it stays a draft, if it is issued by itself.</summary>
    public Instant? DraftUntil { get; init; }

    public Instant? QuantitySnapshotedAt { get; init; }

    public Instant? VoidedAt { get; init; }

    public string? VoidReason { get; init; }

    public Instant? DeletedAt { get; init; }

    public ImmutableArray<ValidationIssue> Issues { get; init; } = [];

    /// <summary>When it moves on by itself; null when it does not.</summary>
    public Instant? NextActionAt { get; init; }

    public Money Total => Subtotal - Credits + Tax;

    public Money Outstanding => Total - Paid;

    public Currency Currency => Subtotal.Currency;

    public bool IsIssued => State.IsIssued();
}
