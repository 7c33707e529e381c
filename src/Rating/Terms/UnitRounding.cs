namespace Metering.Rating;

/// <summary>How a converted quantity becomes whole billing units.</summary>
public enum UnitRounding
{
    /// <summary>Not at all: 1.4 stays 1.4. Decimals beyond <see cref="RatingBounds.DecimalsMax"/> are cut off.</summary>
    None,

    /// <summary>A unit that was begun counts: 1.1 is 2.</summary>
    Up,

    /// <summary>Only whole units count: 1.9 is 1.</summary>
    Down,

    /// <summary>To the nearest, halves up: 1.5 is 2, 1.4 is 1.</summary>
    Nearest,
}
