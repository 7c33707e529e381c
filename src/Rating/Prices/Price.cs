namespace Metering.Rating;

/// <summary>How usage becomes charges. Closed: the models nested here are all there are.</summary>
/// <remarks>
/// A price has no currency of its own; it is in the currency of the plan, which <see cref="RatingInput"/> names. A price that exists is valid:
/// each model's constructor refuses what its static <c>Check</c> reports, and its properties cannot be changed afterwards.
/// </remarks>
public abstract partial record Price
{
    private Price()
    {
    }

    /// <summary>
    /// Charges everything from the start of the period up to <see cref="Tally.Quantity"/>. The subtraction of what was billed before is not the
    /// model's business: <see cref="Rater"/> does it for all of them.
    /// </summary>
    internal abstract void ChargeTo(Tally tally);
}
