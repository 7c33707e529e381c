using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Tests.Shares;
using Microsoft.AspNetCore.Http;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The server's half of dividing limits, in memory.</summary>
internal sealed partial class FakeHost
{
    private static readonly TimeSpan RecallLimit = TimeSpan.FromMilliseconds(50);

    private readonly MemoryShares shares = new(30_000);
    private readonly Dictionary<Channel<SidecarMessage>, string> following = [];
    private readonly Dictionary<long, TaskCompletionSource> recalling = [];
    private long shareRecalls;

    /// <summary>How often a sidecar has asked about shares.</summary>
    public int ShareExchanges
    {
        get
        {
            lock (gate)
            {
                return shares.Exchanges;
            }
        }
    }

    private static long MonotonicMicroseconds => (long)Stopwatch.GetElapsedTime(0).TotalMicroseconds;

    private async Task ExchangeSharesAsync(HttpContext context)
    {
        var request = (await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.ShareExchangeRequest))!;
        ImmutableArray<ShareAnswer> answers;
        List<Task> waits;
        lock (gate)
        {
            (answers, var recalled) = shares.Exchange(request, Now, MonotonicMicroseconds);
            waits = [.. recalled.GroupBy(one => one.SidecarId, one => one.Share).SelectMany(holder => Ask(holder.Key, [.. holder]))];
            if (request.AnsweredRecall is { } answered && recalling.Remove(answered, out var waiting))
            {
                waiting.SetResult();
            }
        }

        if (waits.Count > 0)
        {
            await Task.WhenAny(Task.WhenAll(waits), Task.Delay(RecallLimit));
            lock (gate)
            {
                var kept = request.Shares.Zip(answers, (share, answer) => share with { Keeps = answer.Parts });
                var later = shares.Exchange(request with { Shares = [.. kept] }, Now, MonotonicMicroseconds, again: true).Answers;
                answers = [.. answers.Zip(later, (first, second) => second.Applied ? second with { Added = first.Added + second.Added } : first)];
            }
        }

        await JsonSerializer.SerializeAsync(context.Response.Body, new ShareExchangeResponse(answers), SidecarJson.Default.ShareExchangeResponse);
    }

    private List<Task> Ask(string sidecarId, ImmutableArray<RecalledShare> targets)
    {
        var waits = new List<Task>();
        foreach (var (follower, _) in following.Where(one => one.Value == sidecarId))
        {
            var waiting = recalling[++shareRecalls] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            follower.Writer.TryWrite(new ShareRecall(shareRecalls, targets));
            waits.Add(waiting.Task);
        }

        return waits;
    }
}
