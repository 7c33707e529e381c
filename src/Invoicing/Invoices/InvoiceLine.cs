using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>One line of a document, with all that is needed to compute it again.</summary>
/// <param name="Position">From 1, in the order of the document.</param>
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
    public Money Discounts => SumOf(charge => charge.IsDiscount);

    public Money Commitments => SumOf(charge => charge.IsCommitment);

    private Money SumOf(Func<LineCharge, bool> which) => new(Charges.Where(which).Sum(charge => charge.Amount), Amount.Currency);
}
