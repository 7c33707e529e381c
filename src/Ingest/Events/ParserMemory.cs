namespace Metering.Ingest.Events;

/// <summary>
/// What a thread keeps from one body to the next, so that reading allocates little more than the events. A pass never leaves its thread.
/// </summary>
internal sealed class ParserMemory
{
    [ThreadStatic]
    private static ParserMemory? ofThisThread;

    public static ParserMemory OfThisThread => ofThisThread ??= new ParserMemory();

    public RecentTexts Texts { get; } = new();

    public ExtensionWriter Extensions { get; } = new();
}
