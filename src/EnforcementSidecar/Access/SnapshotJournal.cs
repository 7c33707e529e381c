using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// The snapshot stream as it came, line by line, so that a sidecar can start while Host is away. A full snapshot replaces the
/// file when it is complete; changes are appended. It holds hashes and the reservation key, and so is for its owner only.
/// </summary>
internal sealed class SnapshotJournal(string directory) : IDisposable
{
    public const int MaxLineBytes = 4 << 20;
    private const int ReadBytes = 256 << 10;
    private const int MaxAppendedLines = 200_000;
    private static readonly Duration ConfirmEvery = Duration.FromSeconds(30);

    private readonly string path = Path.Combine(directory, "snapshot.ndjson");
    private readonly string unfinished = Path.Combine(directory, "snapshot.ndjson.new");
    private FileStream? file;
    private bool replacing;
    private int appended;
    private Instant confirmedAt = Instant.MinValue;

    /// <summary>The file has grown so long that the next connection should ask for everything.</summary>
    public bool IsLong => appended > MaxAppendedLines;

    /// <summary>The lines that are known from an earlier time, oldest first. Each is valid until the next is asked for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var kept = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[ReadBytes];
        var (start, end, ended) = (0, 0, false);
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0 || (ended && end > start))
            {
                length = length >= 0 ? length : end - start;
                appended++;
                yield return buffer.AsMemory(start, length);
                start = Math.Min(start + length + 1, end);
                continue;
            }

            if (ended)
            {
                yield break;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = kept.Read(buffer, end, buffer.Length - end);
            (end, ended) = (end + read, read == 0);
        }
    }

    /// <summary>How long ago Host confirmed what the file says.</summary>
    public TimeSpan Age(Instant now)
    {
        if (!File.Exists(path))
        {
            return TimeSpan.Zero;
        }

        var age = now - Instant.FromDateTimeUtc(File.GetLastWriteTimeUtc(path));
        return age > Duration.Zero ? age.ToTimeSpan() : TimeSpan.Zero;
    }

    /// <param name="startsOver">A full snapshot begins with this line.</param>
    /// <param name="completes">A snapshot ends with this line.</param>
    public void Write(ReadOnlySpan<byte> line, bool startsOver = false, bool completes = false)
    {
        if (startsOver)
        {
            Open(unfinished, FileMode.Create);
            replacing = true;
            appended = 0;
        }
        else if (file is null)
        {
            Open(path, FileMode.Append);
        }

        file!.Write(line);
        file.WriteByte((byte)'\n');
        appended++;
        if (completes && replacing)
        {
            file.Flush(flushToDisk: true);
            File.Move(unfinished, path, overwrite: true);
            replacing = false;
        }
        else if (!replacing)
        {
            file.Flush();
        }
    }

    /// <summary>Host is still there and has nothing new: the file is as fresh as its time says.</summary>
    public void Confirm(Instant now)
    {
        if (now - confirmedAt < ConfirmEvery || file is null || replacing)
        {
            return;
        }

        confirmedAt = now;
        File.SetLastWriteTimeUtc(path, now.ToDateTimeUtc());
    }

    /// <summary>What can not be read is moved aside, so that the next full snapshot starts a clean file.</summary>
    public void SetAside()
    {
        Dispose();
        File.Move(path, path + ".unusable", overwrite: true);
        appended = 0;
    }

    public void Dispose()
    {
        file?.Dispose();
        file = null;
        replacing = false;
    }

    private void Open(string name, FileMode mode)
    {
        Dispose();
        file = new FileStream(name, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            BufferSize = 64 << 10,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }
}
