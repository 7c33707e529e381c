using System.Collections.Concurrent;
using System.Numerics;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// How long the answers of each model were, as far as this sidecar saw them settled. Old ones fade: whenever a thousand are counted, all counts
/// are halved.
/// </summary>
internal sealed class OutputHistory
{
    public const int MaxModels = 1_000;
    public const int FewestSeen = 20;
    private const int MostCounted = 1_000;
    private const int Share = 95;

    private readonly ConcurrentDictionary<string, Lengths> models = new(StringComparer.Ordinal);

    public void Saw(string model, long outputTokens)
    {
        if (!models.TryGetValue(model, out var known) && models.Count < MaxModels)
        {
            known = models.GetOrAdd(model, static _ => new Lengths());
        }

        known?.Add(outputTokens);
    }

    /// <summary>What 95 of 100 answers of the model stayed below; null as long as too few were seen.</summary>
    public long? UsualMost(string? model) => model is not null && models.TryGetValue(model, out var known) ? known.UsualMost() : null;

    /// <summary>Eight classes per power of two: a class is at most an eighth too wide.</summary>
    private sealed class Lengths
    {
        private const int PerOctave = 8;
        private const int OctaveBits = 3;
        private const int Classes = 41 * PerOctave;
        private readonly int[] counts = new int[Classes];
        private readonly Lock gate = new();
        private int total;

        public void Add(long tokens)
        {
            lock (gate)
            {
                counts[Math.Min(ClassOf(tokens), Classes - 1)]++;
                if (++total < MostCounted)
                {
                    return;
                }

                total = 0;
                for (var i = 0; i < Classes; i++)
                {
                    total += counts[i] /= 2;
                }
            }
        }

        public long? UsualMost()
        {
            lock (gate)
            {
                if (total < FewestSeen)
                {
                    return null;
                }

                var wanted = ((total * Share) + 99) / 100;
                var at = 0;
                for (var seen = counts[0]; seen < wanted && at < Classes - 1; seen += counts[at])
                {
                    at++;
                }

                return LargestOf(at);
            }
        }

        private static int ClassOf(long tokens)
        {
            if (tokens < PerOctave)
            {
                return (int)Math.Max(0, tokens);
            }

            var shift = BitOperations.Log2((ulong)tokens) - OctaveBits;
            return ((shift + 1) * PerOctave) + (int)((tokens >> shift) - PerOctave);
        }

        private static long LargestOf(int index)
        {
            if (index < PerOctave)
            {
                return index;
            }

            var shift = (index / PerOctave) - 1;
            return ((index % PerOctave + PerOctave + 1L) << shift) - 1;
        }
    }
}
