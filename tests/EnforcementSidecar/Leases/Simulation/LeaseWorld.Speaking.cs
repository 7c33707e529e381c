using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>What LeaseBroker's loops and Host's endpoint do, event by event.</summary>
internal sealed partial class LeaseWorld
{
    private const int Askers = 2;
    private const long RecallLimit = 50 * Weather.Millisecond;

    private readonly Dictionary<long, (HashSet<string> Holders, Action Done)> recalling = [];
    private long recalled;

    /// <summary>A process starts: what an earlier one left is settled first, then upkeep comes round and round.</summary>
    private void Begin(SimulatedSidecar sidecar)
    {
        var batches = new Queue<(IReadOnlyList<FoundLease> Found, LeaseExchange Exchange)>(sidecar.Dialogue.Recovery());
        Recover(sidecar, batches);
        var life = sidecar.Life;
        network.After(1 + random.Below(500_000), () => In(sidecar, life, () => KeepUp(sidecar)));
    }

    private void Recover(SimulatedSidecar sidecar, Queue<(IReadOnlyList<FoundLease> Found, LeaseExchange Exchange)> batches)
    {
        if (!batches.TryPeek(out var batch))
        {
            sidecar.IsRecovered = true;
            Pump(sidecar);
            return;
        }

        Send(sidecar, batch.Exchange, LeaseBroker.ReportTimeout, answered =>
        {
            if (answered)
            {
                sidecar.Dialogue.Recovered(batches.Dequeue().Found);
                Recover(sidecar, batches);
                return;
            }

            After(sidecar, LeaseBroker.RecoveryPause, () => Recover(sidecar, batches));
        });
    }

    private void KeepUp(SimulatedSidecar sidecar)
    {
        After(sidecar, LeaseBroker.UpkeepEvery, () => KeepUp(sidecar));
        if (sidecar.IsRecovered && !sidecar.IsKeeping)
        {
            sidecar.IsKeeping = true;
            Report(sidecar, sidecar.Dialogue.NextReports().GetEnumerator());
        }

        Pump(sidecar);
    }

    private void Report(SimulatedSidecar sidecar, IEnumerator<LeaseExchange> reports)
    {
        if (reports.MoveNext())
        {
            Send(sidecar, reports.Current, LeaseBroker.ReportTimeout, _ => Report(sidecar, reports));
            return;
        }

        CloseAll(sidecar, () => sidecar.IsKeeping = false);
    }

    private void CloseAll(SimulatedSidecar sidecar, Action done)
    {
        if (sidecar.Dialogue.NextClosing() is not { } exchange)
        {
            done();
            return;
        }

        Send(sidecar, exchange, LeaseBroker.ReportTimeout, answered =>
        {
            if (answered)
            {
                CloseAll(sidecar, done);
            }
            else
            {
                done();
            }
        });
    }

    private void Pump(SimulatedSidecar sidecar)
    {
        while (sidecar.IsRecovered && sidecar.QuestionsUnderWay < Askers && sidecar.Dialogue.NextQuestions() is { } exchange)
        {
            sidecar.QuestionsUnderWay++;
            Send(sidecar, exchange, LeaseBroker.QuestionTimeout, _ =>
            {
                sidecar.QuestionsUnderWay--;
                Pump(sidecar);
            });
        }
    }

    private void After(SimulatedSidecar sidecar, TimeSpan delay, Action happens)
    {
        var life = sidecar.Life;
        network.After((long)delay.TotalMicroseconds, () => In(sidecar, life, happens));
    }

    /// <summary>One call over HTTP: the answer counts if it comes before patience ends; what happens at Host happens all the same.</summary>
    private void Send(SimulatedSidecar sidecar, LeaseExchange exchange, TimeSpan patience, Action<bool> done)
    {
        var (life, open) = (sidecar.Life, true);
        var request = new LeaseExchangeRequest(sidecar.Name, [.. exchange.Reports], [.. exchange.Requests], exchange.AnsweredRecall);
        void Hear(LeaseExchangeResponse response) => network.Send(() => In(sidecar, life, () =>
        {
            if (open)
            {
                open = false;
                sidecar.Dialogue.Answered(exchange, response);
                done(true);
            }
        }));
        network.Send(() => Serve(request, Hear), once: request.Requests.Length > 0);
        After(sidecar, patience, () =>
        {
            if (open)
            {
                open = false;
                sidecar.Dialogue.NotAnswered(exchange);
                done(false);
            }
        });
    }

    /// <summary>As Host's endpoint: before somebody is told that nothing is left, those who hold something are asked for it.</summary>
    private void Serve(LeaseExchangeRequest request, Action<LeaseExchangeResponse> answer)
    {
        var response = Host.Exchange(request, Clock.Now);
        if (request.AnsweredRecall is { } answered)
        {
            AnswerRecall(request.SidecarId, answered);
        }

        var starved = request.Requests
            .Zip(response.Leases).Where(pair => pair.First.Needed > 0 && pair.Second.Outcome == LeaseOutcome.Exhausted)
            .Select(pair => pair.First).ToImmutableArray();
        var holders = Recalls
            ? starved.SelectMany(one => Host.HoldersBut(request.SidecarId, one.EntitlementId, Clock.Now)).ToHashSet(StringComparer.Ordinal)
            : [];
        if (holders.Count == 0)
        {
            answer(response);
            return;
        }

        Recall([.. starved.Select(one => one.EntitlementId)], holders, () =>
        {
            var again = Host.Exchange(request with { Reports = [], Requests = starved }, Clock.Now).Leases.ToDictionary(one => one.LeaseId);
            answer(response with { Leases = [.. response.Leases.Select(one => again.GetValueOrDefault(one.LeaseId, one))] });
        });
    }

    private void Recall(ImmutableArray<string> entitlementIds, HashSet<string> holders, Action done)
    {
        var recall = new Recall(++recalled, entitlementIds);
        recalling.Add(recall.Sequence, (holders, done));
        foreach (var sidecar in sidecars.Where(sidecar => holders.Contains(sidecar.Name)))
        {
            var life = sidecar.Life;
            network.Send(() => In(
                sidecar, life, () => Send(sidecar, sidecar.Dialogue.AnswerTo(recall), LeaseBroker.QuestionTimeout, static _ => { })));
        }

        network.After(RecallLimit, () => EndRecall(recall.Sequence));
    }

    private void AnswerRecall(string sidecar, long sequence)
    {
        if (recalling.TryGetValue(sequence, out var waiting) && waiting.Holders.Remove(sidecar) && waiting.Holders.Count == 0)
        {
            EndRecall(sequence);
        }
    }

    private void EndRecall(long sequence)
    {
        if (recalling.Remove(sequence, out var waiting))
        {
            waiting.Done();
        }
    }
}
