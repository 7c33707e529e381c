using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>What a line that was billed should have said, less what it said: late usage, withdrawn usage, another price.</summary>
/// <remarks>
/// <para>Two ways to book late usage, both to the same cent in sum:</para>
/// <para>
/// <b>Delta</b>: one correction of the whole service period, booked in the run that found it. <see cref="Delta(RatingInput, Usage)"/>.
/// </para>
/// <para>
/// <b>Period-preserving</b>: every billed line of the service period is corrected on its own and keeps its own time, so that each correction
/// can be booked to the month it belongs to. <see cref="PeriodPreserving"/>.
/// </para>
/// <para>A charge that comes to nothing is left out: usage whose price rounds to zero is settled by the correction that reaches a minor unit.</para>
/// </remarks>
public static class Correction
{
    /// <summary>One line as it was billed against the same line as it is now known. The inputs may differ in anything but the currency.</summary>
    /// <exception cref="ArgumentException">The currencies differ.</exception>
    public static RatingResult Of(RatingInput asBilled, RatingInput asKnown)
    {
        ArgumentNullException.ThrowIfNull(asBilled);
        ArgumentNullException.ThrowIfNull(asKnown);
        if (asBilled.Currency != asKnown.Currency)
        {
            throw new ArgumentException($"A line in {asBilled.Currency} cannot be corrected in {asKnown.Currency}.", nameof(asKnown));
        }

        // What is known keeps what its line does not change: where that was billed otherwise, the correction shows the account of the period.
        var (billed, known) = (Rater.Rate(asBilled), Rater.Rate(asKnown, keepUnchanged: true));
        var charges = Subtraction.Of(known.Charges, billed.Charges, keepUnchanged: false);
        return new RatingResult(
            asKnown,
            known.Metered,
            known.Billable,
            [.. charges.Where(charge => !charge.Amount.IsZero)],
            known.Total - billed.Total,
            known.Unpriced);
    }

    /// <summary>A closed service period whose usage turned out to be another: one correction for all of it.</summary>
    /// <param name="asBilled">The whole service period in one line, with the usage that was billed in sum.</param>
    /// <param name="known">The usage of the whole period as it is known now.</param>
    public static RatingResult Delta(RatingInput asBilled, Usage known)
    {
        ArgumentNullException.ThrowIfNull(asBilled);
        return Of(asBilled, asBilled with { Usage = known });
    }

    /// <summary>The billed lines of one service period, each corrected in its own time, in the order given.</summary>
    /// <param name="lines">Each line as it was billed and as it is known now; the prior usage of a line follows what is known of those
    /// before.</param>
    public static ImmutableArray<RatingResult> PeriodPreserving(ImmutableArray<(RatingInput AsBilled, RatingInput AsKnown)> lines) =>
        [.. lines.Select(line => Of(line.AsBilled, line.AsKnown))];

    /// <summary>
    /// Service that ends earlier than it was paid for: the fee that was charged in advance, less what is due until the change. Negative or empty.
    /// </summary>
    /// <remarks>
    /// The customer pays for the time until the change what the fee's proration policy says, rounded once, and gets back all of the rest; fee and
    /// credit add up to exactly that. Under <see cref="Proration.None"/> there is nothing to give back.
    /// </remarks>
    /// <param name="asBilled">The line that charged the fee in advance.</param>
    /// <param name="servedUntil">When service ends, after the start of the served period; an instant at or after its end changes nothing.</param>
    /// <exception cref="ArgumentException">The price is not a fee in advance, or service would end before it began.</exception>
    public static RatingResult UnusedInAdvance(RatingInput asBilled, Instant servedUntil)
    {
        ArgumentNullException.ThrowIfNull(asBilled);
        if (asBilled.Price is not Price.Flat { Term: PaymentTerm.InAdvance })
        {
            throw new ArgumentException("Only a fee that was charged in advance can be unused.", nameof(asBilled));
        }

        var (full, served) = (asBilled.Line.Full, asBilled.Line.Served);
        var used = new ServicePeriod(served.Start, Instant.Min(servedUntil, served.End));
        return Of(asBilled, asBilled with { Line = LinePeriod.Partly(full, used) });
    }
}
