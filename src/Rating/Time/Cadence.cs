using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Metering.Rating;

/// <summary>How often something recurs: a whole number of one unit, written as an ISO 8601 duration such as <c>P1M</c> or <c>PT1H</c>.</summary>
/// <remarks>
/// One unit only: <c>P1M15D</c> is not a cadence, because it has no answer to "which comes first" at the end of a short month. Equality is by
/// count and unit, so <c>P12M</c> and <c>P1Y</c> are not equal though they give the same boundaries.
/// </remarks>
public sealed record Cadence
{
    /// <summary>Largest count of a cadence.</summary>
    public const int CountMax = 10_000;

    private const int CountDigitsMax = 5;

    /// <summary>A cadence of <paramref name="count"/> units.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1 or above <see cref="CountMax"/>.</exception>
    public Cadence(int count, CadenceUnit unit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CountMax);
        Count = count;
        Unit = unit;
    }

    /// <summary>How many units, at least 1.</summary>
    public int Count { get; }

    /// <summary>What is counted.</summary>
    public CadenceUnit Unit { get; }

    /// <summary>Every day, <c>P1D</c>.</summary>
    public static Cadence Daily { get; } = new(1, CadenceUnit.Day);

    /// <summary>Every month, <c>P1M</c>.</summary>
    public static Cadence Monthly { get; } = new(1, CadenceUnit.Month);

    /// <summary>Every year, <c>P1Y</c>.</summary>
    public static Cadence Yearly { get; } = new(1, CadenceUnit.Year);

    /// <summary>
    /// Reads <c>PnY</c>, <c>PnM</c>, <c>PnW</c>, <c>PnD</c>, <c>PTnH</c> or <c>PTnM</c>; anything else, zero and signs included, is refused.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Cadence? cadence)
    {
        cadence = null;
        if (text is null || text.Length < 3 || text[0] != 'P')
        {
            return false;
        }

        var elapsed = text[1] == 'T';
        var digits = text.AsSpan(elapsed ? 2 : 1)[..^1];
        var unit = (elapsed, text[^1]) switch
        {
            (false, 'Y') => CadenceUnit.Year,
            (false, 'M') => CadenceUnit.Month,
            (false, 'W') => CadenceUnit.Week,
            (false, 'D') => CadenceUnit.Day,
            (true, 'H') => CadenceUnit.Hour,
            (true, 'M') => CadenceUnit.Minute,
            _ => (CadenceUnit?)null,
        };
        if (unit is null
            || digits.Length > CountDigitsMax
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is < 1 or > CountMax)
        {
            return false;
        }

        cadence = new Cadence(count, unit.Value);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that was checked before.</summary>
    /// <exception cref="FormatException">The text is not a cadence.</exception>
    public static Cadence Parse(string text) =>
        TryParse(text, out var cadence) ? cadence : throw new FormatException($"'{text}' is not a cadence such as P1M, P1D or PT1H.");

    /// <summary>
    /// Whether every boundary of the other cadence from an anchor is a boundary of this one as well: days divide months, weeks do not.
    /// </summary>
    /// <remarks>
    /// Months and years count months; weeks and days count days, and single days divide months too. Hours and minutes are elapsed time, which
    /// the clock changes of a zone part from the calendar: they divide each other only.
    /// </remarks>
    public bool Divides(Cadence other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var (mine, theirs) = (InSmallestUnit(), other.InSmallestUnit());
        return mine.Unit == theirs.Unit
            ? theirs.Count % mine.Count == 0
            : mine is (1, CadenceUnit.Day) && theirs.Unit == CadenceUnit.Month;
    }

    /// <summary>The ISO 8601 duration that <see cref="TryParse"/> reads back.</summary>
    public override string ToString() => Unit switch
    {
        CadenceUnit.Minute => $"PT{Count}M",
        CadenceUnit.Hour => $"PT{Count}H",
        CadenceUnit.Day => $"P{Count}D",
        CadenceUnit.Week => $"P{Count}W",
        CadenceUnit.Month => $"P{Count}M",
        CadenceUnit.Year => $"P{Count}Y",
    };

    private (int Count, CadenceUnit Unit) InSmallestUnit() => Unit switch
    {
        CadenceUnit.Minute => (Count, CadenceUnit.Minute),
        CadenceUnit.Hour => (60 * Count, CadenceUnit.Minute),
        CadenceUnit.Day => (Count, CadenceUnit.Day),
        CadenceUnit.Week => (7 * Count, CadenceUnit.Day),
        CadenceUnit.Month => (Count, CadenceUnit.Month),
        CadenceUnit.Year => (12 * Count, CadenceUnit.Month),
    };
}
