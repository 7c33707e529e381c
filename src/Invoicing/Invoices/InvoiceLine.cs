using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Taxes;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>One line of a document, with all that is needed to compute it again.</summary>
/// <param name="Position">From 1, in the order of the document.</param>
/// <param name="PhaseKey">Empty for a line that no subscription made.</param>
/// <param name="Subjects">Whose usage was counted; empty for a fee.</param>
/// <param name="InvoiceAt">When the line fell due.</param>
/// <param name="Metered">What was counted and by which watermark; null for a fee.</param>
/// <param name="PriceJson">The price and its terms as they applied, in the shape of plan documents.</param>
public sealed record InvoiceLine(
    Guid Id,
    int Position,
    string Name,
    string PhaseKey,
    string RateCardKey,
    string? FeatureKey,
    string? MeterSlug,
    ImmutableArray<string> Subjects,
    ServicePeriod Period,
    Instant InvoiceAt,
    MeteredUsage? Metered,
    string PriceJson,
    ImmutableArray<LineCharge> Charges,
    Money Amount)
{
    public const string BySubscription = "subscription";
    public const string BySystem = "system";
    public const string ByHand = "manual";

    /// <summary>Null for a line that no subscription made.</summary>
    public Guid? SubscriptionId { get; init; }

    /// <summary>Null for a line that bills no single item: one written by hand, a commitment, or one from before this was kept.</summary>
    public SoldItem? Item { get; init; }

    /// <summary>Which version of which plan priced the line.</summary>
    public InvoicePlan? Plan { get; init; }

    public string ManagedBy { get; init; } = BySubscription;

    public string? Description { get; init; }

    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The whole period of the cadence and what of it is served; <see cref="Period"/> is what this line bills of that.</summary>
    public LinePeriod RatedPeriod { get; init; } = LinePeriod.Whole(Period);

    /// <summary>Whether a fee is due for the served part only.</summary>
    public bool Prorates { get; init; } = true;

    /// <summary>Which of the meter's events count, by dimension.</summary>
    public ImmutableSortedDictionary<string, TextFilter> MeterFilters { get; init; } = ImmutableSortedDictionary<string, TextFilter>.Empty;

    /// <summary>The whole price, also the parts that the line's usage did not touch; null for what cannot be rated again.</summary>
    public string? TermsJson { get; init; }

    /// <summary>What earlier lines of the served period had billed; null when there were none.</summary>
    public MeteredUsage? Prior { get; init; }

    /// <summary>What was said about the line's tax; the profile completes it.</summary>
    public TaxConfig? TaxConfig { get; init; }

    public LineTax? Tax { get; init; }

    /// <summary>What prepaid credit pays of it; its tax is on the rest.</summary>
    public ImmutableArray<CreditAllocation> CreditAllocations { get; init; } = [];

    /// <summary>The line of a voided document that this one bills again.</summary>
    public Guid? Replaces { get; init; }

    public Instant CreatedAt { get; init; } = InvoiceAt;

    public Instant UpdatedAt { get; init; } = InvoiceAt;

    /// <summary>Taken out of its draft, and in no sum any more.</summary>
    public Instant? DeletedAt { get; init; }

    public Money Discounts => SumOf(charge => charge.IsDiscount);

    public Money Commitments => SumOf(charge => charge.IsCommitment);

    public Money Credits => new(CreditAllocations.Sum(credit => credit.Amount), Amount.Currency);

    public Money TaxExclusive => new(Tax is { IsInclusive: false } tax ? tax.Amount : 0m, Amount.Currency);

    public Money TaxInclusive => new(Tax is { IsInclusive: true } tax ? tax.Amount : 0m, Amount.Currency);

    private Money SumOf(Func<LineCharge, bool> which) => new(Charges.Where(which).Sum(charge => charge.Amount), Amount.Currency);
}
