using Dapper;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Sources;

/// <summary>
/// What one batch holds of each source, appended in the batch's own transaction: how many events are new, and which sequence numbers came. A
/// number has come when its event is known already or in conflict, too: what a gateway sends again under a new number is no loss.
/// </summary>
internal sealed class SourceRuns
{
    private readonly Dictionary<string, long> accepted = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Source, string Epoch), List<long>> numbers = [];

    /// <summary>Whether there is something that a batch without a new event has to keep as well.</summary>
    public bool HasNumbers => numbers.Count > 0;

    public static SourceRuns Of(IReadOnlyList<UsageEvent> events, EventResult[] results)
    {
        var runs = new SourceRuns();
        for (var i = 0; i < results.Length; i++)
        {
            runs.Add(events[i], results[i].Outcome);
        }

        return runs;
    }

    public void Add(UsageEvent usageEvent, EventOutcome outcome)
    {
        if (outcome == EventOutcome.Accepted)
        {
            accepted[usageEvent.Source] = accepted.GetValueOrDefault(usageEvent.Source) + 1;
        }

        if (EventSequence.Of(usageEvent.Extensions) is not { } sequence)
        {
            return;
        }

        if (!numbers.TryGetValue((usageEvent.Source, sequence.Epoch), out var came))
        {
            came = [];
            numbers.Add((usageEvent.Source, sequence.Epoch), came);
        }

        came.Add(sequence.Number);
    }

    /// <summary>Of <see cref="AppendSql"/>.</summary>
    public DynamicParameters ParametersOf(Instant now)
    {
        var runs = ToRuns().ToArray();
        return new DynamicParameters(new
        {
            keys = runs.Select(run => Digest.Of(run.Source)).ToArray(),
            sources = runs.Select(run => run.Source).ToArray(),
            epochs = runs.Select(run => run.Epoch).ToArray(),
            firsts = runs.Select(run => run.First).ToArray(),
            lasts = runs.Select(run => run.Last).ToArray(),
            events = runs.Select(run => run.Events).ToArray(),
            now,
        });
    }

    /// <summary>One without numbers per source, and one per range of numbers.</summary>
    internal IEnumerable<SourceRun> ToRuns()
    {
        foreach (var (source, events) in accepted)
        {
            yield return new SourceRun(source, "", null, null, events);
        }

        foreach (var ((source, epoch), came) in numbers)
        {
            came.Sort();
            var (first, last) = (came[0], came[0]);
            foreach (var number in came.Skip(1))
            {
                if (number > last + 1)
                {
                    yield return new SourceRun(source, epoch, first, last, 0);
                    first = number;
                }

                last = number;
            }

            yield return new SourceRun(source, epoch, first, last, 0);
        }
    }

    /// <summary>A statement that goes along with the others of its batch.</summary>
    public const string AppendSql = """
        insert into ingest.source_run (source_key, source, epoch, first, last, events, seen_at)
        select r.key, r.source, r.epoch, r.first, r.last, r.events, @now
        from unnest(@keys, @sources, @epochs, @firsts::bigint[], @lasts::bigint[], @events) as r (key, source, epoch, first, last, events)
        """;
}

/// <param name="First">Null where only events are counted.</param>
internal readonly record struct SourceRun(string Source, string Epoch, long? First, long? Last, long Events);
