using System.Text.Json.Serialization;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>One customisation of a subscription. Closed: the nested kinds are all there are.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(AddItem), "add_item")]
[JsonDerivedType(typeof(RemoveItem), "remove_item")]
[JsonDerivedType(typeof(AddPhase), "add_phase")]
[JsonDerivedType(typeof(RemovePhase), "remove_phase")]
[JsonDerivedType(typeof(StretchPhase), "stretch_phase")]
internal abstract record SpecChange
{
    private SpecChange()
    {
    }

    /// <summary>From the edit's instant on the phase sells this card; an item of the same key ends there.</summary>
    internal sealed record AddItem(string PhaseKey, BoundCard Card) : SpecChange;

    internal sealed record RemoveItem(string PhaseKey, string ItemKey) : SpecChange;

    /// <param name="StartAfter">How long after the subscription's start; null: with it.</param>
    /// <param name="Duration">Null only for a phase that becomes the last one.</param>
    internal sealed record AddPhase(Guid Id, string Key, string Name, string? Description, string? StartAfter, string? Duration) : SpecChange;

    /// <param name="Shift"><c>next</c>: later phases start sooner. <c>prev</c>: the phase before is extended.</param>
    internal sealed record RemovePhase(string PhaseKey, string Shift) : SpecChange;

    internal sealed record StretchPhase(string PhaseKey, string ExtendBy) : SpecChange;
}
