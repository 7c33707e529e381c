using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What usage leaves of grants: a pure function from <see cref="BurnDownInput"/> to history and balances.</summary>
/// <remarks>
/// <para>
/// First time is cut into phases within which the burn order cannot change; a phase begins where a grant begins, ends or recurs, and at every
/// reset. Then each phase burns its usage from the grants in force: priority ascending, expiry ascending with none last, created ascending,
/// id. What no grant covers is overage.
/// </para>
/// <para>
/// At one instant things happen in this order: grants end; grants in force roll over, when usage is reset, and the overage is forgiven or
/// preserved; grants recur; grants begin; and then overage is paid by whatever grants now hold, in burn order. So a grant that arrives
/// after the usage covers it, and overage never stands beside a balance.
/// </para>
/// </remarks>
public static class BurnDown
{
    /// <summary>Burns the usage of a run.</summary>
    /// <exception cref="ArgumentException">
    /// The input contradicts itself: two grants with one id, two resets at one instant, a reset before measurement begins, an end before the
    /// start, a snapshot before measurement begins or whose balances are not exactly those of the grants in force, or a usage segment that
    /// reaches over the edge of a phase.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A sum or a count is beyond <see cref="GrantBounds"/>.</exception>
    public static BurnDownResult Run(BurnDownInput input)
    {
        BurnDownChecks.Check(input);
        var phases = BurnPhases.Cut(input);
        var usage = UsageOfPhases.Sum(input, phases);
        var book = new GrantBook(input);
        for (var i = 0; i < phases.Length; i++)
        {
            var phase = phases[i];
            book.Apply(phase.At, phase.Events);
            if (phase.Period is { } period)
            {
                book.Burn(period, usage[i]);
            }
        }

        return book.Close();
    }

    /// <summary>
    /// The phases of a run, in order and without gap; none when the run has no length. Usage of the input is not looked at: ask the meter for
    /// the usage of each of these, and then run. Usage that is cut finer does as well.
    /// </summary>
    /// <exception cref="ArgumentException">As for <see cref="Run"/>.</exception>
    public static ImmutableArray<ServicePeriod> PhasesOf(BurnDownInput input)
    {
        BurnDownChecks.Check(input);
        return [.. BurnPhases.Cut(input).Select(phase => phase.Period).OfType<ServicePeriod>()];
    }
}
