using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>
/// Settles a fee that was paid in advance for time that turns out to be another: what is due by what is known now, less what was billed. Fee and
/// credit add up to exactly what the served time costs, and no more is given back than was paid. Pure.
/// </summary>
public static class FeeCorrection
{
    /// <param name="correction">What was paid and what is served now.</param>
    /// <param name="due">The charges of what is served now; empty when nothing is.</param>
    /// <param name="currency">The currency of both.</param>
    /// <param name="now">When the line is made.</param>
    /// <returns>The account afterwards, and the line that brings it there; null when nothing changes.</returns>
    public static (BilledService After, InvoiceLine? Line) Of(
        PlannedCorrection correction, ImmutableArray<LineCharge> due, Currency currency, Instant now)
    {
        var billed = correction.Billed;
        var after = billed with
        {
            Served = correction.Now?.Period.Served, Charges = due, Amount = new Money(due.Sum(charge => charge.Amount), currency),
        };
        var charges = Difference(billed.Charges, due);
        return (after, charges.IsEmpty ? null : LineOf(billed, after, charges, now));
    }

    private static InvoiceLine LineOf(BilledService billed, BilledService after, ImmutableArray<LineCharge> charges, Instant now)
    {
        var amount = after.Amount - billed.Amount;
        var period = PeriodBetween(billed.Served!, after.Served);
        return new InvoiceLine(
            PublicId.New(now), 1, billed.Name + (amount.IsNegative ? " (unused)" : " (extended)"), billed.PhaseKey, billed.RateCardKey,
            billed.FeatureKey, null, [], period, period.Start, null, billed.PriceJson, charges, amount);
    }

    /// <summary>What is taken off or added at the end; all of it when nothing is left or the start moved.</summary>
    private static ServicePeriod PeriodBetween(ServicePeriod billed, ServicePeriod? served) =>
        served is null || served.Start != billed.Start || served.End == billed.End
            ? billed
            : new ServicePeriod(Instant.Min(billed.End, served.End), Instant.Max(billed.End, served.End));

    private static ImmutableArray<LineCharge> Difference(ImmutableArray<LineCharge> billed, ImmutableArray<LineCharge> due)
    {
        var references = billed.Concat(due).Select(charge => charge.Reference).Distinct(StringComparer.Ordinal);
        return
        [
            .. references.Select(reference => Less(
                    billed.FirstOrDefault(charge => charge.Reference == reference), due.FirstOrDefault(charge => charge.Reference == reference)))
                .OfType<LineCharge>(),
        ];
    }

    /// <summary>One charge of the difference, worded by both: what was billed and what is due.</summary>
    private static LineCharge? Less(LineCharge? billed, LineCharge? due)
    {
        var amount = (due?.Amount ?? 0m) - (billed?.Amount ?? 0m);
        if (amount == 0m)
        {
            return null;
        }

        return (due ?? billed)! with
        {
            Name = $"Due: {Worded(due)}; billed: {Worded(billed)}",
            Quantity = 1m,
            UnitPrice = (due?.ExactAmount ?? 0m) - (billed?.ExactAmount ?? 0m),
            ExactAmount = (due?.ExactAmount ?? 0m) - (billed?.ExactAmount ?? 0m),
            Amount = amount,
        };
    }

    private static string Worded(LineCharge? charge) => charge is null ? "nothing" : char.ToLowerInvariant(charge.Name[0]) + charge.Name[1..];
}
