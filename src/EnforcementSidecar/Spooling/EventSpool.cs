using System.Threading.Channels;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// Usage events, durable before they are acknowledged. Many callers, one writer: whatever has gathered while the disk was
/// busy is written and flushed as one group.
/// </summary>
internal sealed class EventSpool : IDisposable
{
    public const long MaxBytes = 256L << 20;
    private const long SegmentBytes = 8 << 20;
    private const int MaxWaiting = 8_192;
    private const int MaxGroup = 512;

    private readonly string directory;
    private readonly long maxBytes;
    private readonly ILogger logger;
    private readonly Channel<Waiting> waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly SemaphoreSlim arrived = new(0);
    private readonly Task writing;

    // Read by everyone.
    private long durable;
    private long bytes;

    // The writer's own.
    private FileStream? segment;
    private long next;
    private bool refusing;

    private EventSpool(string directory, long maxBytes, long next, long bytes, ILogger logger)
    {
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.next = next;
        this.bytes = bytes;
        this.logger = logger;
        durable = next - 1;
        writing = Task.Run(WriteLoopAsync);
    }

    /// <summary>The newest sequence number that is on disk.</summary>
    public long Durable => Volatile.Read(ref durable);

    public long Bytes => Interlocked.Read(ref bytes);

    public string Directory => directory;

    /// <summary>Finds where the last process stopped; a record that was being written when it died is cut off.</summary>
    /// <param name="shippedBefore">Everything below this sequence number has been shipped.</param>
    public static EventSpool Open(string directory, long shippedBefore, ILogger logger, long maxBytes = MaxBytes)
    {
        System.IO.Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var segments = SegmentsOf(directory);
        var next = shippedBefore;
        if (segments.LastOrDefault() is { } last)
        {
            using var file = new FileStream(last, FileMode.Open, FileAccess.ReadWrite);
            SpoolFormat.TryParseName(last, out var expected);
            var good = 0L;
            while (SpoolFormat.Read(file) is { } record && record.Sequence == expected)
            {
                good = file.Position;
                expected++;
            }

            if (good < file.Length)
            {
                logger.SpoolTorn(Path.GetFileName(last), good);
                file.SetLength(good);
                file.Flush(flushToDisk: true);
            }

            next = Math.Max(next, expected);
        }

        return new EventSpool(directory, maxBytes, next, segments.Sum(path => new FileInfo(path).Length), logger);
    }

    /// <summary>Oldest first.</summary>
    public static List<string> SegmentsOf(string directory) =>
    [
        .. System.IO.Directory.EnumerateFiles(directory, "*" + SpoolFormat.Extension)
            .Where(path => SpoolFormat.TryParseName(path, out _))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Answers when the event is on disk, or will never be.</summary>
    public Task<SpoolOutcome> AppendAsync(byte[] payload)
    {
        var mine = new Waiting(payload);
        return Bytes + payload.Length > maxBytes ? Task.FromResult(SpoolOutcome.Full)
            : waiting.Writer.TryWrite(mine) ? mine.Done.Task
            : Task.FromResult(waiting.Reader.Completion.IsCompleted ? SpoolOutcome.Closed : SpoolOutcome.Full);
    }

    /// <summary>Returns when something has been written since the last call, or after <paramref name="longest"/>.</summary>
    public Task WaitForMoreAsync(TimeSpan longest, CancellationToken cancellationToken) => arrived.WaitAsync(longest, cancellationToken);

    /// <summary>The shipping side has deleted a segment.</summary>
    public void Freed(long segmentBytes) => Interlocked.Add(ref bytes, -segmentBytes);

    /// <summary>Takes nothing more and writes what it has taken.</summary>
    public Task CompleteAsync()
    {
        waiting.Writer.TryComplete();
        return writing;
    }

    public void Dispose()
    {
        waiting.Writer.TryComplete();
        arrived.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var group = new List<Waiting>(MaxGroup);
        while (await waiting.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var one))
            {
                group.Add(one);
            }

            var outcome = WriteGroup(group);
            group.ForEach(one => one.Done.TrySetResult(outcome));
        }

        segment?.Dispose();
    }

    private SpoolOutcome WriteGroup(List<Waiting> group)
    {
        var start = -1L;
        try
        {
            var file = CurrentSegment();
            start = file.Position;
            var sequence = next;
            foreach (var one in group)
            {
                SpoolFormat.Write(file, sequence++, one.Payload);
            }

            file.Flush(flushToDisk: true);

            // At this point every event of the group survives a power cut: only now may the callers and the shipper know.
            next = sequence;
            Interlocked.Add(ref bytes, file.Position - start);
            Volatile.Write(ref durable, sequence - 1);
            arrived.Release();
            SidecarMetrics.EventsSpooled.Add(group.Count);
            Refuses(null);
            return SpoolOutcome.Stored;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Refuses(exception);
            CutOff(start);
            return SpoolOutcome.NotWritable;
        }
    }

    /// <summary>Said when it begins and when it ends: a full disk is met by every request there is.</summary>
    private void Refuses(Exception? exception)
    {
        if (exception is not null && !refusing)
        {
            logger.SpoolNotWritable(exception);
        }
        else if (exception is null && refusing)
        {
            logger.SpoolWritableAgain();
        }

        refusing = exception is not null;
    }

    /// <summary>Nothing of a group that was not acknowledged may be taken for a record later.</summary>
    private void CutOff(long start)
    {
        try
        {
            if (start >= 0)
            {
                segment?.SetLength(start);
            }
        }
        catch (IOException exception)
        {
            // The reader does not go past the next segment's first number, and that is the number of the first lost record.
            Refuses(exception);
        }

        var failed = segment;
        segment = null;
        try
        {
            failed?.Dispose();
        }
        catch (IOException exception)
        {
            Refuses(exception);
        }
    }

    private FileStream CurrentSegment()
    {
        if (segment is not null && segment.Position < SegmentBytes)
        {
            return segment;
        }

        segment?.Dispose();
        segment = new FileStream(Path.Combine(directory, SpoolFormat.NameOf(next)), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 64 << 10,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        return segment;
    }

    private sealed record Waiting(byte[] Payload)
    {
        public TaskCompletionSource<SpoolOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
