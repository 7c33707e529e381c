using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>Applies customisations to phases. Pure.</summary>
internal static class PhaseEditing
{
    /// <param name="phases">In order, not empty.</param>
    /// <param name="edit">Its instant is where items change.</param>
    /// <param name="activeFrom">The start of the subscription.</param>
    /// <param name="earliestStart">Phases that start before this have started and stay where they are.</param>
    public static (ImmutableArray<SpecPhase> Phases, SpecRefusal? Refusal) Apply(
        ImmutableArray<SpecPhase> phases, SpecEdit edit, Instant activeFrom, Instant earliestStart)
    {
        var context = new Context(edit.At, activeFrom, earliestStart, DateTimeZoneProviders.Tzdb[edit.Zone]);
        foreach (var (i, change) in edit.Changes.Index())
        {
            (phases, var refusal) = change switch
            {
                SpecChange.AddItem add => AddItem(phases, add, context),
                SpecChange.RemoveItem remove => RemoveItem(phases, remove, context),
                SpecChange.AddPhase add => AddPhase(phases, add, context),
                SpecChange.RemovePhase remove => RemovePhase(phases, remove, context),
                SpecChange.StretchPhase stretch => StretchPhase(phases, stretch, context),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
            if (refusal is not null)
            {
                return (phases, refusal with { Change = i });
            }
        }

        return (phases, null);
    }

    private static (ImmutableArray<SpecPhase>, SpecRefusal?) AddItem(ImmutableArray<SpecPhase> phases, SpecChange.AddItem add, Context context)
    {
        var (index, refusal) = FindOpen(phases, add.PhaseKey, context.At);
        if (refusal is not null || (refusal = RefuseScheduled(phases, index, add.Card.Card.Key, "/rateCard/key", context.At)) is not null)
        {
            return (phases, refusal);
        }

        var phase = phases[index];
        var start = context.At <= phase.From ? (Instant?)null : context.At;
        var cards = Ended(phase, add.Card.Card.Key, start).Add(new SoldCard(add.Card, start));
        return (phases.SetItem(index, phase with { Cards = cards }), null);
    }

    private static (ImmutableArray<SpecPhase>, SpecRefusal?) RemoveItem(
        ImmutableArray<SpecPhase> phases, SpecChange.RemoveItem remove, Context context)
    {
        var (index, refusal) = FindOpen(phases, remove.PhaseKey, context.At);
        if (refusal is not null || (refusal = RefuseScheduled(phases, index, remove.ItemKey, "/itemKey", context.At)) is not null)
        {
            return (phases, refusal);
        }

        var phase = phases[index];
        if (!phase.Cards.Any(card => card.Key == remove.ItemKey && card.To is null))
        {
            return (phases, SpecRefusal.Invalid("/itemKey", "unknown_item", $"Phase '{phase.Key}' has no item '{remove.ItemKey}' at that time."));
        }

        var start = context.At <= phase.From ? (Instant?)null : context.At;
        return (phases.SetItem(index, phase with { Cards = Ended(phase, remove.ItemKey, start) }), null);
    }

    private static (ImmutableArray<SpecPhase>, SpecRefusal?) AddPhase(ImmutableArray<SpecPhase> phases, SpecChange.AddPhase add, Context context)
    {
        if (phases.Any(phase => phase.Key == add.Key))
        {
            return (phases, SpecRefusal.Invalid("/phase/key", "duplicate", $"The subscription has a phase '{add.Key}' already."));
        }

        if (phases.Length >= Plans.PlanChecks.MaxPhases)
        {
            return (phases, SpecRefusal.Conflict("/phase", "too_many", $"A subscription has at most {Plans.PlanChecks.MaxPhases} phases."));
        }

        var from = add.StartAfter is null ? context.ActiveFrom : context.After(context.ActiveFrom, add.StartAfter);
        if (from < context.EarliestStart)
        {
            return (phases, SpecRefusal.Conflict("/phase/startAfter", "time_in_the_past", $"The phase would start at {from}, which has passed."));
        }

        var added = new SpecPhase(add.Id, add.Key, add.Name, add.Description, from, []);
        var next = phases.Count(phase => phase.From < from);
        if (next == phases.Length)
        {
            return (phases.Add(added), add.Duration is null ? null : SpecRefusal.Invalid(
                "/phase/duration", "last_phase_not_open", "The last phase is open: it has no duration."));
        }

        return add.Duration is null
            ? (phases, SpecRefusal.Invalid("/phase/duration", "required", "A phase that is not the last one has a duration."))
            : (Moved(phases, next, context.After(from, add.Duration), context).Insert(next, added), null);
    }

    private static (ImmutableArray<SpecPhase>, SpecRefusal?) RemovePhase(
        ImmutableArray<SpecPhase> phases, SpecChange.RemovePhase remove, Context context)
    {
        var index = IndexOf(phases, remove.PhaseKey);
        if (index < 0)
        {
            return (phases, Unknown(remove.PhaseKey));
        }

        if (phases[index].From < context.EarliestStart)
        {
            return (phases, SpecRefusal.Conflict("/phaseKey", "phase_started",
                $"Phase '{remove.PhaseKey}' has started; only a later one is removed."));
        }

        if (index == 0 && (phases.Length == 1 || remove.Shift == "prev"))
        {
            return (phases, SpecRefusal.Conflict("/phaseKey", "first_phase", "There is no phase before this one that could take its time."));
        }

        var moved = remove.Shift == "next" && index + 1 < phases.Length ? Moved(phases, index + 1, phases[index].From, context) : phases;
        return (moved.RemoveAt(index), null);
    }

    private static (ImmutableArray<SpecPhase>, SpecRefusal?) StretchPhase(
        ImmutableArray<SpecPhase> phases, SpecChange.StretchPhase stretch, Context context)
    {
        var (index, refusal) = FindOpen(phases, stretch.PhaseKey, context.At);
        if (refusal is not null)
        {
            return (phases, refusal);
        }

        // The last phase is open: longer it can not be.
        return index == phases.Length - 1
            ? (phases, null)
            : (Moved(phases, index + 1, context.After(phases[index + 1].From, stretch.ExtendBy), context), null);
    }

    /// <summary>
    /// The phases from <paramref name="first"/> on, moved together so that the first of them starts at <paramref name="to"/>. Each keeps its
    /// length in local days and hours.
    /// </summary>
    private static ImmutableArray<SpecPhase> Moved(ImmutableArray<SpecPhase> phases, int first, Instant to, Context context)
    {
        var (old, now) = (phases[first].From.InZone(context.Zone).LocalDateTime, to.InZone(context.Zone).LocalDateTime);
        var distance = Period.Between(old, now, PeriodUnits.Days | PeriodUnits.AllTimeUnits);
        return
        [
            .. phases.Index().Select(phase => phase.Index < first ? phase.Item : phase.Item with
            {
                From = phase.Index == first
                    ? to
                    : context.Zone.AtLeniently(phase.Item.From.InZone(context.Zone).LocalDateTime + distance).ToInstant(),
            }),
        ];
    }

    /// <summary>The cards of a phase after the one of this key ended at an instant; null: it was never sold in the phase.</summary>
    private static ImmutableArray<SoldCard> Ended(SpecPhase phase, string key, Instant? at) =>
    [
        .. phase.Cards
            .Where(card => card.Key != key || card.To is not null || (at is not null && card.From != at))
            .Select(card => card.Key == key && card.To is null ? card with { To = at } : card),
    ];

    /// <summary>
    /// Changes to one item are made in the order of their instants: what is scheduled is taken back before something earlier is said.
    /// </summary>
    private static SpecRefusal? RefuseScheduled(ImmutableArray<SpecPhase> phases, int index, string key, string field, Instant at) =>
        phases[index].Cards.Any(card => card.Key == key && (card.From > at || card.To > at))
            ? SpecRefusal.Conflict(field, "change_scheduled", $"A later change of item '{key}' is scheduled; unschedule it first.")
            : null;

    private static (int Index, SpecRefusal? Refusal) FindOpen(ImmutableArray<SpecPhase> phases, string key, Instant at)
    {
        var index = IndexOf(phases, key);
        return index < 0 ? (index, Unknown(key))
            : index + 1 < phases.Length && phases[index + 1].From <= at
                ? (index, SpecRefusal.Conflict("/phaseKey", "phase_over", $"Phase '{key}' is over at that time."))
                : (index, null);
    }

    private static int IndexOf(ImmutableArray<SpecPhase> phases, string key) =>
        phases.Index().Where(phase => phase.Item.Key == key).Select(phase => phase.Index).FirstOrDefault(-1);

    private static SpecRefusal Unknown(string key) => SpecRefusal.Invalid("/phaseKey", "unknown_phase", $"The subscription has no phase '{key}'.");

    private sealed record Context(Instant At, Instant ActiveFrom, Instant EarliestStart, DateTimeZone Zone)
    {
        public Instant After(Instant start, string duration) => new BillingCalendar(Cadence.Parse(duration), start, Zone).Boundary(1);
    }
}
