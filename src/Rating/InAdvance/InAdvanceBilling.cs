using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Bills each event when it happens instead of the period when it ends.</summary>
/// <remarks>
/// <para>
/// The fee of an event is what the period is worth up to and with it, less what was billed for the events before it. Roundings are settled as
/// they add up: of a thousand events of a fifth of a cent every fifth or so bills a cent, and together they bill 2.00.
/// </para>
/// <para>
/// What was billed in advance is not given back while the period runs: when usage falls, nothing is billed until it exceeds its highest level so
/// far. Prices that are known only at the end of the period (volume, minimums) bill nothing in advance.
/// </para>
/// </remarks>
public static class InAdvanceBilling
{
    /// <summary>Most events of one call.</summary>
    public const int EventsMax = 10_000;

    /// <summary>The fee of each event, in their order; an event that costs nothing has a result without charges.</summary>
    /// <param name="period">The whole served period, without usage of its own.</param>
    /// <param name="changes">By how much each event changes the usage; below zero where an event takes usage away.</param>
    /// <exception cref="ArgumentException">There are too many events, or the input has usage already.</exception>
    public static ImmutableArray<RatingResult> FeesOf(RatingInput period, params ImmutableArray<decimal> changes)
    {
        ThrowUnlessEmpty(period, changes.Length);
        var (running, peak) = (0m, 0m);
        var billed = new Billed([], 0m, 0m);
        var fees = ImmutableArray.CreateBuilder<RatingResult>(changes.Length);
        foreach (var change in changes)
        {
            running += change;
            var before = peak;
            peak = Math.Max(peak, running);
            fees.Add(FeeOf(period with { Usage = new Usage(before, peak) }, ref billed));
        }

        return fees.ToImmutable();
    }

    /// <summary>The fee of each transaction, for a percentage price.</summary>
    /// <param name="period">The whole served period, without usage of its own.</param>
    /// <param name="amounts">The amount of each transaction, in the order in which they happened.</param>
    /// <exception cref="ArgumentException">There are too many transactions, or the input has usage already.</exception>
    public static ImmutableArray<RatingResult> FeesOfTransactions(RatingInput period, params ImmutableArray<decimal> amounts)
    {
        ThrowUnlessEmpty(period, amounts.Length);
        var billed = new Billed([], 0m, 0m);
        var fees = ImmutableArray.CreateBuilder<RatingResult>(amounts.Length);
        for (var i = 0; i < amounts.Length; i++)
        {
            var transactions = TransactionUsage.Each(amounts[..i], amounts[..(i + 1)]);
            fees.Add(FeeOf(period with { Transactions = transactions }, ref billed));
        }

        return fees.ToImmutable();
    }

    private static RatingResult FeeOf(RatingInput upToEvent, ref Billed billed)
    {
        var usage = upToEvent.Price.UsageOf(upToEvent);
        var account = Rater.Account(upToEvent, Reading.End, usage.Cumulative, closesPeriod: false, explains: true);
        var charges = account.Charges;
        var fee = new RatingResult(
            upToEvent,
            usage,
            new Usage(billed.Quantity, account.Quantity),
            Subtraction.Of(charges, billed.Charges, keepUnchanged: false),
            Money.OfWhole(account.Total - billed.Total, upToEvent.Currency),
            account.Unpriced);
        billed = new Billed(charges, account.Quantity, account.Total);
        return fee;
    }

    private static void ThrowUnlessEmpty(RatingInput period, int events)
    {
        ArgumentNullException.ThrowIfNull(period);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(events, EventsMax);
        InvalidPriceException.ThrowIfAny(period.Terms.CheckFor(period.Price));
        if (period.Usage != Usage.None || period.Transactions != TransactionUsage.None || period.UnitsInForce != UnitsInForce.None)
        {
            throw new ArgumentException("The usage of events that are billed in advance follows from the events.", nameof(period));
        }
    }

    /// <summary>What the events so far were billed.</summary>
    private readonly record struct Billed(ImmutableArray<Charge> Charges, decimal Quantity, decimal Total);
}
