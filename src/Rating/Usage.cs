namespace Metering.Rating;

/// <summary>How much was used, counted from the start of the served period: up to the end of this line, and up to its beginning.</summary>
/// <remarks>
/// Metered usage can fall below zero when corrections exceed what was used. No price pays a customer for that, so a negative count rates as
/// zero. A cumulative count below the prior one is allowed: it is a correction, and its charges are negative.
/// </remarks>
public readonly record struct Usage
{
    /// <summary>Counts from the start of the served period.</summary>
    /// <param name="prior">Up to the beginning of the line: what earlier lines billed. Zero on the line that opens the period.</param>
    /// <param name="cumulative">Up to the end of the line.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public Usage(decimal prior, decimal cumulative)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prior, RatingBounds.QuantityMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cumulative, RatingBounds.QuantityMax);
        Prior = Math.Max(0m, prior);
        Cumulative = Math.Max(0m, cumulative);
    }

    /// <summary>Up to the beginning of the line.</summary>
    public decimal Prior { get; }

    /// <summary>Up to the end of the line.</summary>
    public decimal Cumulative { get; }

    /// <summary>What the line itself bills; negative for a correction.</summary>
    public decimal Quantity => Cumulative - Prior;

    /// <summary>No usage; for prices that do not depend on any.</summary>
    public static Usage None => default;

    /// <summary>The usage of a period that is billed by one line.</summary>
    public static Usage Of(decimal quantity) => new(0m, quantity);
}
