namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>What a change to a spec comes to: the spec after it, or why there is none.</summary>
internal sealed record SpecOutcome(SubscriptionSpec? Spec, SpecRefusal? Refusal)
{
    public static SpecOutcome Of(SubscriptionSpec spec) => new(spec, null);

    public static SpecOutcome Of(SpecRefusal refusal) => new(null, refusal);
}

/// <summary>Why a customisation can not be.</summary>
/// <param name="Field">Of the customisation, as a pointer within it.</param>
/// <param name="IsConflict">The request is sound, the subscription is not in a state that allows it.</param>
internal sealed record SpecRefusal(string Field, string Code, string Message, bool IsConflict)
{
    /// <summary>Which of the customisations, from 0.</summary>
    public int Change { get; init; }

    public static SpecRefusal Invalid(string field, string code, string message) => new(field, code, message, IsConflict: false);

    public static SpecRefusal Conflict(string field, string code, string message) => new(field, code, message, IsConflict: true);
}
