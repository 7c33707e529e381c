using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>What a subscription sells and when. A value: every change is a pure function from one spec to the next.</summary>
/// <remarks>
/// <code>
/// origin   the plan's phases on the calendar            [ trial ........ )[ paid ..............................
/// edits    in force, in the order they were decided            add_item @ next cycle,  stretch_phase @ now, ...
/// phases   = origin, with the edits applied in order
/// addons   quantities over time                              [ 1 ............ )[ 3 ...
/// items    = phases with add-ons, each with an id           [ seats #1 ..... )[ seats #2 ...
/// </code>
/// Edits are kept, not only what came of them, so that one which has not taken effect can be taken back and leaves no trace.
/// </remarks>
/// <param name="Withdrawn">Items that an edit took away before they began. Should that edit be taken back, they are the same items again.</param>
/// <param name="Cadence">The billing cadence, the usage period of entitlements that say none.</param>
internal sealed record SubscriptionSpec(
    Instant ActiveFrom,
    string Cadence,
    ImmutableArray<SpecPhase> Origin,
    ImmutableArray<SpecEdit> Edits,
    ImmutableArray<SpecAddon> Addons,
    ImmutableArray<SpecPhase> Phases,
    ImmutableArray<SpecItem> Items,
    ImmutableArray<SpecItem> Withdrawn)
{
    /// <summary>More edits than this on one subscription are a mistake of a program; a new plan version says it better.</summary>
    public const int MaxEdits = 500;

    public const int MaxAddons = 100;

    private const int MaxWithdrawn = 200;

    public static SubscriptionSpec Begin(Instant activeFrom, string cadence, ImmutableArray<SpecPhase> phases, Instant now, Func<Guid> newId) =>
        new SubscriptionSpec(activeFrom, cadence, phases, [], [], phases, [], []).WithItems(now, newId);

    /// <summary>Those that can be had in the phase. One whose first phase the subscription never had can be had from the beginning.</summary>
    public ImmutableArray<SpecAddon> AddonsOf(SpecPhase phase)
    {
        var reached = Phases.Take(Phases.IndexOf(phase) + 1).Max(one => PlaceOf(one.Key));
        return [.. Addons.Where(addon => PlaceOf(addon.FromPhase) <= reached)];
    }

    /// <summary>Where the plan had the phase: one that was removed since keeps its place, one that it never had is before all.</summary>
    private int PlaceOf(string phaseKey) => Origin.Index().Where(one => one.Item.Key == phaseKey).Select(one => one.Index).FirstOrDefault(-1);

    public ImmutableArray<SpecItem> ItemsOf(SpecPhase phase) => [.. Items.Where(item => item.PhaseId == phase.Id)];

    /// <summary>Where the phase ends: at the start of the next.</summary>
    public Instant? EndOf(SpecPhase phase) => Phases.IndexOf(phase) + 1 is var next && next < Phases.Length ? Phases[next].From : null;

    /// <summary>The one decision behind every customisation.</summary>
    /// <param name="edit">Takes effect when it is decided or later, never before.</param>
    /// <param name="unschedules">Edits that have not taken effect are taken back first.</param>
    public SpecOutcome Apply(SpecEdit edit, bool unschedules, Func<Guid> newId)
    {
        var edits = unschedules ? [.. Edits.Where(earlier => earlier.At <= edit.DecidedAt)] : Edits;
        if (edits.Length >= MaxEdits)
        {
            return SpecOutcome.Of(SpecRefusal.Conflict("/op", "too_many", $"A subscription has at most {MaxEdits} edits; change its plan instead."));
        }

        var phases = Origin;
        foreach (var earlier in edits)
        {
            (phases, var refused) = PhaseEditing.Apply(phases, earlier, ActiveFrom, EarliestStart(earlier.DecidedAt));
            if (refused is not null)
            {
                return SpecOutcome.Of(SpecRefusal.Conflict("/op", "built_upon", "A later edit builds on the one that would be taken back."));
            }
        }

        (phases, var refusal) = PhaseEditing.Apply(phases, edit, ActiveFrom, EarliestStart(edit.DecidedAt));
        if (refusal is not null)
        {
            return SpecOutcome.Of(refusal);
        }

        var after = this with { Edits = edit.Changes.IsEmpty ? edits : edits.Add(edit), Phases = phases };
        return after.Derived(edit.DecidedAt, newId, "/rateCard/key");
    }

    /// <summary>An add-on comes, or its quantity changes.</summary>
    public SpecOutcome With(SpecAddon addon, Instant now, Func<Guid> newId)
    {
        var known = Addons.Any(one => one.Id == addon.Id);
        var after = this with { Addons = known ? [.. Addons.Select(one => one.Id == addon.Id ? addon : one)] : Addons.Add(addon) };
        return after.Derived(now, newId, "/addon/id");
    }

    /// <summary>Before a subscription has started its first phase can still be moved; afterwards only what lies ahead.</summary>
    private Instant EarliestStart(Instant now) => now < ActiveFrom ? ActiveFrom : now + Duration.FromNanoseconds(1000);

    private SubscriptionSpec WithItems(Instant now, Func<Guid> newId)
    {
        ImmutableArray<SpecItem> known = [.. Items, .. Withdrawn];
        var items = ItemTimelines.Of(this, known, now, newId);
        var kept = items.Select(item => item.Id).ToHashSet();
        return this with
        {
            Items = items,
            Withdrawn = [.. known.Where(item => item.From > now && !kept.Contains(item.Id)).Take(MaxWithdrawn)],
        };
    }

    private SpecOutcome Derived(Instant now, Func<Guid> newId, string field) =>
        AddonMerge.RefuseAny(this) is { } reason
            ? SpecOutcome.Of(SpecRefusal.Conflict(field, "does_not_add_up", reason))
            : SpecOutcome.Of(WithItems(now, newId));
}
