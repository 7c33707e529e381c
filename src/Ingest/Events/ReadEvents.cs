using Metering.Platform.Problems;

namespace Metering.Ingest.Events;

/// <summary>What a body holds: the well-formed events in their order, and those that are not; or why the body as a whole can not be read.</summary>
/// <param name="expected">About how many events there will be.</param>
internal sealed class ReadEvents(int expected)
{
    private readonly List<UsageEvent> events = new(expected);
    private readonly List<MalformedEvent> malformed = [];

    /// <summary>What was read before the broken place stands in the lists all the same.</summary>
    public FieldError? Refusal { get; private set; }

    /// <summary>Empty when the events were only checked.</summary>
    public IReadOnlyList<UsageEvent> Events => events;

    public IReadOnlyList<MalformedEvent> Malformed => malformed;

    /// <summary>Of all elements, well formed or not.</summary>
    public int Count { get; private set; }

    public bool IsWellFormed => Refusal is null && malformed.Count == 0;

    public void Add(UsageEvent usageEvent)
    {
        Count++;
        events.Add(usageEvent);
    }

    public void AddChecked() => Count++;

    public void AddMalformed(MalformedEvent item)
    {
        Count++;
        malformed.Add(item);
    }

    public ReadEvents Refuse(FieldError error)
    {
        Refusal = error;
        return this;
    }
}

/// <summary>An element that is no event, as it was sent.</summary>
internal sealed record MalformedEvent(string Raw, string? Source, string? Id, IReadOnlyList<FieldError> Errors);
