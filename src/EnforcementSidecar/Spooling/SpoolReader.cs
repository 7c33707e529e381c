namespace Metering.EnforcementSidecar.Spooling;

/// <summary>Reads what is durable and not yet shipped, and remembers on disk how far shipping got. Used by one loop.</summary>
internal sealed class SpoolReader
{
    private readonly string directory;
    private readonly ILogger logger;
    private SpoolPosition position;

    private SpoolReader(string directory, long next, ILogger logger)
    {
        this.directory = directory;
        this.logger = logger;
        position = new SpoolPosition(null, 0, next);
    }

    /// <summary>The sequence number of the first event that is not shipped.</summary>
    public long Next => position.Sequence;

    public static SpoolReader Open(string directory, ILogger logger)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new SpoolReader(directory, SpoolCursor.Read(directory), logger);
    }

    /// <summary>From <see cref="Next"/> up to <paramref name="upTo"/> (inclusive), without moving on.</summary>
    public List<SpoolRecord> Read(long upTo, int maxRecords, int maxBytes)
    {
        var records = new List<SpoolRecord>();
        var at = position;
        var size = 0;
        FileStream? file = null;
        try
        {
            while (at.Sequence <= upTo && records.Count < maxRecords && size < maxBytes)
            {
                file ??= Open(ref at);
                if (file is null)
                {
                    break;
                }

                var record = SpoolFormat.Read(file);
                if (record is not null && record.Sequence <= at.Sequence)
                {
                    var wanted = record.Sequence == at.Sequence;
                    at = at with { Offset = file.Position, Sequence = wanted ? at.Sequence + 1 : at.Sequence };
                    size += wanted ? record.Payload.Length : 0;
                    if (wanted)
                    {
                        records.Add(record with { After = at });
                    }

                    continue;
                }

                var whole = at.Offset == file.Length;
                file.Dispose();
                file = null;
                if (!TryFollow(ref at, whole))
                {
                    break;
                }
            }
        }
        finally
        {
            file?.Dispose();
        }

        return records;
    }

    /// <summary>Everything up to and including <paramref name="shipped"/> has reached Host: written down, then forgotten.</summary>
    /// <returns>How many bytes of disk that gave back.</returns>
    public long Advance(SpoolRecord shipped)
    {
        SpoolCursor.Write(directory, shipped.After.Sequence);
        position = shipped.After;
        return Forget();
    }

    /// <summary>Deletes the segments of which everything is shipped, but for the last: that one may still be written.</summary>
    /// <returns>How many bytes of disk that gave back.</returns>
    public long Forget()
    {
        var freed = 0L;
        var segments = EventSpool.SegmentsOf(directory);
        for (var i = 0; i + 1 < segments.Count && FirstOf(segments[i + 1]) <= position.Sequence; i++)
        {
            freed += new FileInfo(segments[i]).Length;
            File.Delete(segments[i]);
            position = position.Segment == segments[i] ? new SpoolPosition(segments[i + 1], 0, position.Sequence) : position;
        }

        return freed;
    }

    private FileStream? Open(ref SpoolPosition at)
    {
        if (at.Segment is null)
        {
            var wanted = at.Sequence;
            var segments = EventSpool.SegmentsOf(directory);
            var holding = segments.LastOrDefault(path => FirstOf(path) <= wanted) ?? segments.FirstOrDefault();
            if (holding is null)
            {
                return null;
            }

            at = new SpoolPosition(holding, 0, Math.Max(wanted, FirstOf(holding)));
        }

        return new FileStream(at.Segment!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) { Position = at.Offset };
    }

    /// <summary>On to the next segment; what could not be read before it is kept aside, for a person.</summary>
    private bool TryFollow(ref SpoolPosition at, bool whole)
    {
        var current = at;
        var following = EventSpool.SegmentsOf(directory).FirstOrDefault(path => FirstOf(path) >= current.Sequence && path != current.Segment);
        if (following is null)
        {
            return false;
        }

        if (!whole || FirstOf(following) > at.Sequence)
        {
            logger.SpoolDamaged(Path.GetFileName(at.Segment!), at.Offset);
            File.Copy(at.Segment!, at.Segment + ".damaged", overwrite: true);
        }

        at = new SpoolPosition(following, 0, FirstOf(following));
        return true;
    }

    private static long FirstOf(string path) => SpoolFormat.TryParseName(path, out var first) ? first : long.MaxValue;
}
