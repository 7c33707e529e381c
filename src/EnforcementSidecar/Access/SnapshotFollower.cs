using System.Buffers;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Time;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// Follows Host's snapshot stream for as long as the process lives: from disk first, then by version, again and again.
/// </summary>
internal sealed class SnapshotFollower(
    AccessState state, CustomerCompiler compiler, SnapshotJournal journal, HttpClient http, SidecarIdentity identity, LeaseBroker broker,
    TimeProvider monotonic, ILogger<SnapshotFollower> logger)
    : BackgroundService
{
    /// <summary>Heartbeats come every few seconds; a stream that is silent for longer is dead.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AcknowledgementTimeout = TimeSpan.FromSeconds(2);
    private static readonly Duration NoticeableDifference = Duration.FromSeconds(5);

    private bool clockDifferenceLogged;
    private bool askForEverything;
    private Heartbeat? lastHeartbeat;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        LoadFromDisk();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = state.Version;
            var reason = await FollowOnceAsync(stoppingToken);
            state.Abandon();
            journal.Dispose();
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            failures = state.Version != before ? 1 : failures + 1;
            var delay = RetrySchedule.DelayAfter(failures, RetrySchedule.Chance());
            logger.SnapshotStreamEnded(reason, delay);
            await Task.Delay(delay, monotonic, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void LoadFromDisk()
    {
        try
        {
            var age = journal.Age(SystemClock.Instance.GetCurrentInstant());
            foreach (var line in journal.Read())
            {
                if (!TryApplyFromDisk(line.Span, age))
                {
                    // A torn line was the last that was written.
                    break;
                }
            }

            if (state.Current is not null)
            {
                logger.SnapshotKnown(state.Version, state.Customers);
            }
        }
        catch (Exception exception) when (exception is FormatException or IOException)
        {
            logger.DiskSnapshotNotUsable("snapshot.ndjson", exception.Message);
            journal.SetAside();
        }

        state.Abandon();
    }

    private bool TryApplyFromDisk(ReadOnlySpan<byte> line, TimeSpan age)
    {
        try
        {
            if (compiler.Lines.TryRead(line, out var version, out var draft))
            {
                state.Change(version, draft);
                return true;
            }

            if (JsonSerializer.Deserialize(line, SidecarJson.Default.SidecarMessage) is not { } message)
            {
                return false;
            }

            Apply(message, age);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <returns>Why the stream ended.</returns>
    private async Task<string> FollowOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var since = askForEverything || journal.IsLong || state.Version == 0 ? "" : $"&since={state.Version}";
            askForEverything = false;
            var route = new Uri($"api/v1/sidecar/snapshot?sidecar={identity.Id}{since}&recalls=true", UriKind.Relative);
            using var request = new HttpRequestMessage(HttpMethod.Get, route);
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(MaxSilence);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            if (!response.IsSuccessStatusCode)
            {
                return $"status {(int)response.StatusCode}";
            }

            await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
            await ReadLinesAsync(PipeReader.Create(stream), silence, cancellationToken);
            return "closed by Host";
        }
        catch (OperationCanceledException)
        {
            return "silence";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return exception.Message;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            // What was said does not fit what is known: only the whole can put that right.
            askForEverything = true;
            return exception.Message;
        }
    }

    private async Task ReadLinesAsync(PipeReader reader, CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        while (true)
        {
            silence.CancelAfter(MaxSilence);
            var result = await reader.ReadAsync(silence.Token);
            var buffer = result.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                if (!line.IsEmpty)
                {
                    await TakeAsync(line.ToArray(), cancellationToken);
                }
            }

            if (buffer.Length > SnapshotJournal.MaxLineBytes)
            {
                throw new FormatException("a line of the snapshot stream is too long");
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task TakeAsync(byte[] line, CancellationToken cancellationToken)
    {
        if (compiler.Lines.TryRead(line, out var version, out var draft))
        {
            state.Change(version, draft);
            journal.Write(line);
            return;
        }

        var message = JsonSerializer.Deserialize(line, SidecarJson.Default.SidecarMessage);
        if (message is null)
        {
            return;
        }

        if (message is Recall recall)
        {
            await broker.AnswerAsync(recall, cancellationToken);
            return;
        }

        var startsOver = message is SnapshotBegins begins && (begins.Full || state.Version == 0);
        Apply(message, TimeSpan.Zero);
        if (message is not Heartbeat heartbeat)
        {
            if (message is not SnapshotBegins || startsOver)
            {
                journal.Write(line, startsOver, completes: message is SnapshotEnds);
            }

            if (message is SnapshotEnds)
            {
                logger.SnapshotKnown(state.Version, state.Customers);
            }

            return;
        }

        KeepHeartbeat(heartbeat, line);
        await AcknowledgeAsync(heartbeat, cancellationToken);
    }

    private void Apply(SidecarMessage message, TimeSpan age)
    {
        switch (message)
        {
            case SnapshotBegins begins:
                state.Begin(begins);
                break;
            case CustomerChanged changed:
                state.Change(changed);
                break;
            case SnapshotEnds ends:
                state.End(ends, age);
                break;
            case Heartbeat heartbeat:
                state.Apply(heartbeat);
                break;
            case Recall:
                throw new FormatException("a recall is no part of a snapshot");
        }
    }

    /// <summary>Written down only when it says something new: a standing clock, another number of sidecars.</summary>
    private void KeepHeartbeat(Heartbeat heartbeat, byte[] line)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        state.Confirm(TimeSpan.Zero);
        journal.Confirm(now);
        var before = lastHeartbeat;
        lastHeartbeat = heartbeat;
        if (before is null || before.ClockStands != heartbeat.ClockStands
            || before.ActiveSidecars != heartbeat.ActiveSidecars || before.Rank != heartbeat.Rank
            || (heartbeat.ClockStands && before.Now != heartbeat.Now))
        {
            journal.Write(line);
        }

        var difference = now - heartbeat.Now;
        if (!heartbeat.ClockStands && !clockDifferenceLogged && (difference > NoticeableDifference || difference < -NoticeableDifference))
        {
            clockDifferenceLogged = true;
            logger.ClockDiffers(difference.ToTimeSpan());
        }
    }

    private async Task AcknowledgeAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bounded.CancelAfter(AcknowledgementTimeout);
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(
                new SidecarAcknowledgement(identity.Id, heartbeat.Sequence), SidecarJson.Default.SidecarAcknowledgement));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.PostAsync(new Uri("api/v1/sidecar/acknowledgements", UriKind.Relative), content, bounded.Token);
            if (!response.IsSuccessStatusCode)
            {
                logger.NotAcknowledged(heartbeat.Sequence, $"status {(int)response.StatusCode}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            logger.NotAcknowledged(heartbeat.Sequence, exception.Message);
        }
    }
}
