using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>Cuts the time of a run where the burn order can change.</summary>
/// <remarks>
/// <code>
/// start                                          until
///   |  grant 1 [--------------------)               |
///   |             grant 2 [-------------*-----------|----   * recurs
///   |                               |       reset   |
///   [----------)[---------)[--------)[--)[--)[------)|      phases; the last instant of the run is one without length
/// </code>
/// A phase begins with what happened at its first instant; an event at the start of a run from a snapshot is in that snapshot.
/// </remarks>
internal static class BurnPhases
{
    public static ImmutableArray<BurnPhase> Cut(BurnDownInput input)
    {
        var events = Events(input);
        var phases = ImmutableArray.CreateBuilder<BurnPhase>();
        var (at, taken) = (input.Start, 0);
        while (true)
        {
            var first = taken;
            while (taken < events.Count && events[taken].At == at)
            {
                taken++;
            }

            ImmutableArray<GrantEvent> here = [.. events[first..taken]];
            if (at == input.Until)
            {
                phases.Add(new BurnPhase(at, here, Period: null));
                return phases.DrainToImmutable();
            }

            var next = taken < events.Count ? events[taken].At : input.Until;
            phases.Add(new BurnPhase(at, here, new ServicePeriod(at, next)));
            at = next;
        }
    }

    private static List<GrantEvent> Events(BurnDownInput input)
    {
        var events = new List<GrantEvent>();
        foreach (var grant in input.Grants)
        {
            AddEventsOf(grant, input, events);
        }

        events.AddRange(input.Resets
            .Where(reset => input.Start < reset.At && reset.At <= input.Until)
            .Select(reset => new GrantEvent(reset.At, GrantEventKind.Resets, Grant: null, reset)));
        GrantBounds.CheckCount(events.Count, GrantBounds.EventsMax, "Events");
        events.Sort();
        return events;
    }

    private static void AddEventsOf(Grant grant, BurnDownInput input, List<GrantEvent> events)
    {
        var from = Instant.Max(grant.EffectiveAt, input.Start);
        if (from > input.Until || !grant.IsInForceAt(from))
        {
            return;
        }

        // In force at the start of a run from a snapshot: its beginning, and whatever else happened at that instant, is in the snapshot.
        if (from > input.Start || input.Snapshot is null)
        {
            events.Add(new GrantEvent(from, GrantEventKind.Begins, grant, Reset: null));
        }

        if (grant.EndsAt is { } end && end <= input.Until)
        {
            events.Add(new GrantEvent(end, GrantEventKind.Ends, grant, Reset: null));
        }

        AddRecurrencesOf(grant, from, input.Until, events);
    }

    private static void AddRecurrencesOf(Grant grant, Instant from, Instant until, List<GrantEvent> events)
    {
        if (grant.Recurrence is not { } recurrence)
        {
            return;
        }

        foreach (var at in recurrence.PeriodsFrom(from).Select(period => period.End))
        {
            if (at > until || !grant.IsInForceAt(at))
            {
                return;
            }

            GrantBounds.CheckCount(events.Count, GrantBounds.EventsMax, "Events");
            events.Add(new GrantEvent(at, GrantEventKind.Recurs, grant, Reset: null));
        }
    }
}
