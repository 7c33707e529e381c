namespace Metering.Rating;

/// <summary>How an exact amount becomes whole minor units. Always named where the rounding happens; there is no default.</summary>
public enum Rounding
{
    /// <summary>To the nearest; halves go away from zero: 0.005 → 0.01, −0.005 → −0.01. What invoices use.</summary>
    HalfAwayFromZero,

    /// <summary>To the nearest; halves go to the even neighbour: 0.005 → 0.00, 0.015 → 0.02.</summary>
    HalfEven,

    /// <summary>Away from zero: 0.001 → 0.01, −0.001 → −0.01.</summary>
    Up,

    /// <summary>Towards zero: 0.009 → 0.00, −0.009 → 0.00.</summary>
    Down,

    /// <summary>Towards positive infinity: 0.001 → 0.01, −0.009 → 0.00.</summary>
    Ceiling,

    /// <summary>Towards negative infinity: 0.009 → 0.00, −0.001 → −0.01.</summary>
    Floor,
}
