using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The transactions behind an amount of usage, counted from the start of the served period; for prices that charge by transaction.</summary>
/// <remarks>
/// A percentage price without free transactions and without bounds per transaction needs to know only how many there were
/// (<see cref="Counted"/>). One that treats each transaction on its own needs each amount, in the order in which they happened
/// (<see cref="Each(ImmutableArray{decimal}, ImmutableArray{decimal})"/>). A late correction is another list: transactions are never negative, they
/// are left out or replaced.
/// </remarks>
public sealed class TransactionUsage
{
    private readonly ImmutableArray<decimal> prior;
    private readonly ImmutableArray<decimal> cumulative;

    private TransactionUsage(Usage count, ImmutableArray<decimal> prior, ImmutableArray<decimal> cumulative)
    {
        Count = count;
        this.prior = prior;
        this.cumulative = cumulative;
        Amounts = KnowsAmounts ? new Usage(prior.Sum(), cumulative.Sum()) : Usage.None;
    }

    /// <summary>No transactions; for prices that do not charge by transaction.</summary>
    public static TransactionUsage None { get; } = new(Usage.None, default, default);

    /// <summary>How many transactions there were.</summary>
    public Usage Count { get; }

    /// <summary>Whether each amount is known, not only the count.</summary>
    public bool KnowsAmounts => !cumulative.IsDefault;

    /// <summary>The sums of the amounts; none when only the count is known.</summary>
    public Usage Amounts { get; }

    /// <summary>Only how many: up to the beginning of the line, and up to its end.</summary>
    public static TransactionUsage Counted(decimal prior, decimal cumulative) => new(new Usage(prior, cumulative), default, default);

    /// <summary>Each amount, in the order in which they happened.</summary>
    /// <param name="prior">What earlier lines billed.</param>
    /// <param name="cumulative">All from the start of the served period: as a rule <paramref name="prior"/> and what came after it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An amount is negative, or a sum is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public static TransactionUsage Each(ImmutableArray<decimal> prior, ImmutableArray<decimal> cumulative)
    {
        foreach (var amount in prior.Concat(cumulative))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(amount, "amount");
            ArgumentOutOfRangeException.ThrowIfGreaterThan(amount, RatingBounds.QuantityMax, "amount");
        }

        return new TransactionUsage(new Usage(prior.Length, cumulative.Length), prior, cumulative);
    }

    /// <summary>The amounts of a period that is billed by one line.</summary>
    public static TransactionUsage Each(params ReadOnlySpan<decimal> amounts) => Each([], [.. amounts]);

    internal ImmutableArray<decimal> AmountsAt(Reading reading) => reading == Reading.End ? cumulative : prior;
}
