namespace Metering.Ingest.Events;

/// <summary>What became of one event. In order of precedence.</summary>
internal enum EventOutcome
{
    /// <summary>It can not be stored; it is kept among the rejected events with the reason.</summary>
    Rejected,

    /// <summary>Its (source, id) is known with other content; both are kept, the first one counts.</summary>
    Conflict,

    /// <summary>It is known already; nothing changes.</summary>
    Duplicate,

    Accepted,
}

/// <summary>An outcome with its reason, where there is one.</summary>
internal readonly record struct EventResult(EventOutcome Outcome, string? Reason)
{
    public static readonly EventResult Accepted = new(EventOutcome.Accepted, null);

    public static readonly EventResult Duplicate = new(EventOutcome.Duplicate, null);

    public static readonly EventResult Conflict =
        new(EventOutcome.Conflict, "An event with the same source and id and other content was recorded before.");

    /// <summary>Stored, but not counted by every meter of its type, for the reason given.</summary>
    public static EventResult AcceptedInvalid(string reason) => new(EventOutcome.Accepted, reason);
}
