using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Metering.Platform.OpenApi;

/// <summary>Types that are named in the document and that nobody has described yet; each is handed out once.</summary>
internal sealed class UnseenTypes
{
    private readonly ConcurrentDictionary<Type, bool> known = new();
    private readonly ConcurrentQueue<Type> waiting = new();

    public void Add(Type type)
    {
        if (known.TryAdd(type, true))
        {
            waiting.Enqueue(type);
        }
    }

    public bool TryTake([NotNullWhen(true)] out Type? type) => waiting.TryDequeue(out type);
}
