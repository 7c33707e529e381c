namespace Metering.Ingest.Recording;

/// <summary>
/// Who may take which key. A batch enters with all its keys at once: those that nobody entered lately it takes for new. A key that another
/// batch of this process is just recording is waited for, until that batch has ended either way. Only a later batch waits for an earlier
/// one, and every batch that has entered holds the lock of recording already, so that nobody waits in a circle.
/// </summary>
internal sealed class KeysUnderway
{
    private readonly Lock turn = new();
    private readonly RecentKeys recent = new();
    private readonly List<Entry> entries = [];

    /// <param name="keys">Sorted, each once.</param>
    public Entry Enter(Guid[] keys)
    {
        lock (turn)
        {
            var suspected = new bool[keys.Length];
            var any = false;
            for (var i = 0; i < keys.Length; i++)
            {
                suspected[i] = recent.Enter(keys[i]);
                any |= suspected[i];
            }

            Task[] ahead = any
                ? [.. entries.Where(entry => entry.HoldsAny(keys, suspected)).Select(entry => entry.Ended)]
                : [];
            var entered = new Entry(this, keys, suspected, Task.WhenAll(ahead));
            entries.Add(entered);
            return entered;
        }
    }

    /// <summary>A batch that is being recorded. Disposing it says that it has ended: committed, or not.</summary>
    internal sealed class Entry(KeysUnderway underway, Guid[] keys, bool[] suspected, Task ahead) : IDisposable
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => ended.Task;

        /// <summary>Ends with the batches that are recording keys which this one has as well.</summary>
        public Task Ahead => ahead;

        /// <summary>Whether the key at this place may have been recorded before.</summary>
        public bool Suspects(int index) => suspected[index];

        public bool HoldsAny(Guid[] others, bool[] wanted)
        {
            for (var i = 0; i < others.Length; i++)
            {
                if (wanted[i] && Array.BinarySearch(keys, others[i]) >= 0)
                {
                    return true;
                }
            }

            return false;
        }

        public void Dispose()
        {
            lock (underway.turn)
            {
                underway.entries.Remove(this);
            }

            ended.TrySetResult();
        }
    }
}
