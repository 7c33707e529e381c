using System.Buffers;
using System.Text;
using Metering.Host.EventsImport;

namespace Metering.Host.EventsTail;

/// <summary>
/// Follows a log and sends its lines as usage events, each once. A line's id is the one it names, or the file's fingerprint and the byte at which
/// the line begins. A line is behind us when the server has taken it and the state says so; whatever happens between the two, it is sent again under
/// the same id and counts once. Renamed, copied and truncated logs are found again by their first line.
/// <code>
/// access.log.1   =======|==|            what was written before it was renamed is read to its end
/// access.log                  ====|     then the new one from its start
/// </code>
/// </summary>
internal sealed class LogTail(HttpClient client, ImportMapping mapping, string logPath, string statePath, Action<string> tell)
{
    public const int MaxLineBytes = 1 << 20;
    private const int ChunkBytes = 256 << 10;

    /// <summary>After a log was renamed its writers may go on in it for a moment.</summary>
    private const int QuietPollsBeforeLeaving = 60;

    private readonly EventSender sender = new(client, maxAttempts: null);
    private readonly Dictionary<string, int> quietPolls = [];
    private TailState state = TailState.Load(statePath);
    private bool lost;

    public ImportSummary Summary { get; private set; } = ImportSummary.Empty;

    /// <summary>Reads what there is; true when there was something.</summary>
    /// <exception cref="ImportException">The server refuses the sender.</exception>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var files = LogFiles.Find(logPath);
        var any = false;
        foreach (var file in ToRead(files))
        {
            any |= await ReadAsync(file, cancellationToken);
        }

        Leave(files);
        return any;
    }

    /// <summary>
    /// What was begun, what came after it, and the log. Of a log that was never read only the log itself: what it was before is not asked for.
    /// </summary>
    private IEnumerable<LogFile> ToRead(IReadOnlyList<LogFile> files)
    {
        // A copy has the same first line as the log until the log is truncated; the longer one holds what the other does.
        var distinct = files.GroupBy(file => file.Fingerprint)
            .Select(same => same.MaxBy(file => file.Length)! with { IsLog = same.Any(file => file.IsLog) })
            .OrderBy(file => file.IsLog).ThenBy(file => file.WrittenAt).ToArray();
        var known = distinct.Where(file => state.Files.Any(read => read.Fingerprint == file.Fingerprint)).ToArray();
        if (state.Files.Length > 0 && known.Length == 0 && distinct.Length > 0 && !lost)
        {
            lost = true;
            tell($"The file that was read last is not beside {logPath} any more; what was written to it since is not sent.");
        }

        var since = known.Length == 0 ? DateTime.MaxValue : known.Min(file => file.WrittenAt);
        return distinct.Where(file => file.IsLog || known.Contains(file) || file.WrittenAt > since);
    }

    private async Task<bool> ReadAsync(LogFile file, CancellationToken cancellationToken)
    {
        var offset = state.Files.FirstOrDefault(read => read.Fingerprint == file.Fingerprint)?.Offset ?? 0;
        if (file.Length < offset)
        {
            throw new ImportException($"Lines of {logPath} have to differ: put the time and the request's id into each.");
        }

        // Before anything of it is sent: a file that was begun has to be found again, even if it is renamed before its first batch is through.
        Remember(file.Fingerprint, offset);
        await using var stream = LogFiles.TryOpen(file);
        if (stream is null)
        {
            return true;
        }

        stream.Position = offset;
        var batch = new List<ImportRow>();
        var buffer = new ArrayBufferWriter<byte>(ChunkBytes);
        var from = offset;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.GetMemory(ChunkBytes), cancellationToken);
            buffer.Advance(read);
            var taken = TakeLines(file, buffer.WrittenMemory.Span, from, batch, out var full);
            from += taken;
            var rest = buffer.WrittenSpan[taken..].ToArray();
            buffer.ResetWrittenCount();
            buffer.Write(rest);
            if (full || (read == 0 && batch.Count > 0))
            {
                await SendAsync(file, batch, from, cancellationToken);
            }

            if (read == 0 && !full)
            {
                break;
            }
        }

        Remember(file.Fingerprint, from);
        return from > offset;
    }

    /// <returns>How many bytes the lines take; a line that is not finished is left.</returns>
    private int TakeLines(LogFile file, ReadOnlySpan<byte> bytes, long from, List<ImportRow> batch, out bool full)
    {
        var taken = 0;
        full = false;
        while (!full && bytes[taken..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            TakeLine(file, bytes.Slice(taken, length), from + taken, batch);
            taken += length + 1;
            full = batch.Count == EventSender.BatchRows;
        }

        if (!full && bytes.Length - taken > MaxLineBytes)
        {
            throw new ImportException($"{file.Path} has a line of more than {MaxLineBytes} bytes at byte {from + taken}; it is no log of this kind.");
        }

        return taken;
    }

    private void TakeLine(LogFile file, ReadOnlySpan<byte> bytes, long at, List<ImportRow> batch)
    {
        var line = Encoding.UTF8.GetString(bytes);
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        var place = $"{Path.GetFileName(file.Path)} at byte {at}";
        var row = JsonLine.Read(place, line, mapping, () => $"{file.Fingerprint}-{at}");
        if (row.Event is not null)
        {
            batch.Add(row);
        }
        else if (row.Problem is null)
        {
            Summary = Summary with { Skipped = Summary.Skipped + 1 };
        }
        else
        {
            Summary = Summary.Reject($"{place}: {row.Problem}.");
            tell($"{place}: {row.Problem}. The line is not sent.");
        }
    }

    private async Task SendAsync(LogFile file, List<ImportRow> batch, long upTo, CancellationToken cancellationToken)
    {
        var before = Summary.Problems.Length;
        Summary = await sender.SendAsync(batch, Summary, cancellationToken);
        foreach (var problem in Summary.Problems.Skip(before))
        {
            tell(problem);
        }

        batch.Clear();
        Remember(file.Fingerprint, upTo);
    }

    private void Remember(string fingerprint, long offset)
    {
        var read = new ReadFile(fingerprint, offset);
        if (!state.Files.Contains(read))
        {
            quietPolls[fingerprint] = 0;
            state = state.With(read);
            state.Save(statePath);
        }
    }

    /// <summary>
    /// What the log was is left when nothing was added to it for a while. Also when it is not there: a look in the middle of a rotation may miss it.
    /// </summary>
    private void Leave(IReadOnlyList<LogFile> files)
    {
        var log = files.FirstOrDefault(file => file.IsLog)?.Fingerprint;
        foreach (var read in state.Files.Where(read => log is not null && read.Fingerprint != log).ToArray())
        {
            if ((quietPolls[read.Fingerprint] = quietPolls.GetValueOrDefault(read.Fingerprint) + 1) > QuietPollsBeforeLeaving)
            {
                state = state.Without(read.Fingerprint);
                state.Save(statePath);
            }
        }
    }
}
