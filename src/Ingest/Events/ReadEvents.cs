using Metering.Platform.Problems;

namespace Metering.Ingest.Events;

/// <summary>What a body holds, event by event in its order; or why the body as a whole can not be read.</summary>
internal sealed class ReadEvents
{
    private readonly List<ReadEvent> events = [];

    public FieldError? Refusal { get; private set; }

    public IReadOnlyList<ReadEvent> Events => events;

    public int Count => events.Count;

    public bool AllWellFormed { get; private set; } = true;

    public void Add(ReadEvent read)
    {
        events.Add(read);
        AllWellFormed &= read.Event is not null;
    }

    public ReadEvents Refuse(FieldError error)
    {
        Refusal = error;
        return this;
    }
}

/// <summary>One element of a body: an event, or what is wrong with it.</summary>
internal readonly record struct ReadEvent(UsageEvent? Event, MalformedEvent? Malformed)
{
    public static ReadEvent Good(UsageEvent usageEvent) => new(usageEvent, null);

    public static ReadEvent Bad(string raw, string? source, string? id, IReadOnlyList<FieldError> errors) =>
        new(null, new MalformedEvent(raw, source, id, errors));
}

/// <summary>An element that is no event, as it was sent.</summary>
internal sealed record MalformedEvent(string Raw, string? Source, string? Id, IReadOnlyList<FieldError> Errors);
