using System.Security.Cryptography;

namespace Metering.Host.EventsTail;

/// <summary>
/// The files that a log is or was: the log itself, and beside it what it was renamed or copied to, <c>access.log.1</c> or <c>access.log-20260115</c>.
/// Compressed ones are left alone.
/// </summary>
internal static class LogFiles
{
    /// <summary>A first line is told from others by this much of it.</summary>
    private const int MaxFingerprintBytes = 1_024;

    private const int MaxFiles = 64;

    /// <summary>Oldest first, by when they were last written; the log itself is the last. Files without a first line yet are left out.</summary>
    public static IReadOnlyList<LogFile> Find(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var name = Path.GetFileName(path);
        var found = new List<LogFile>();
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles($"{name}*").Where(file => IsOfLog(file.Name, name))
            .OrderByDescending(file => file.LastWriteTimeUtc).Take(MaxFiles))
        {
            if (TryLook(file.FullName, name) is { } look)
            {
                found.Add(look);
            }
        }

        return [.. found.OrderBy(file => file.IsLog).ThenBy(file => file.WrittenAt)];
    }

    private static bool IsOfLog(string candidate, string name) =>
        candidate == name
        || (candidate.Length > name.Length && candidate[name.Length] is '.' or '-'
            && candidate.AsSpan(name.Length + 1).IndexOfAnyExcept("0123456789-.") < 0);

    /// <summary>The file, from its start; null when something else has its name meanwhile.</summary>
    public static FileStream? TryOpen(LogFile file)
    {
        FileStream? stream = null;
        try
        {
            stream = Open(file.Path);
            if (FingerprintOf(stream) == file.Fingerprint)
            {
                stream.Position = 0;
                return stream;
            }
        }
        catch (FileNotFoundException)
        {
            // It was renamed a moment ago, and is found under its new name by the next look.
        }

        stream?.Dispose();
        return null;
    }

    /// <summary>Null while there is no whole first line, or when the file has gone meanwhile. All is told of the file that was opened.</summary>
    private static LogFile? TryLook(string path, string name)
    {
        try
        {
            using var file = Open(path);
            return FingerprintOf(file) is { } fingerprint
                ? new LogFile(path, fingerprint, file.Length, Path.GetFileName(path) == name, File.GetLastWriteTimeUtc(file.SafeFileHandle))
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? FingerprintOf(FileStream file)
    {
        var beginning = new byte[MaxFingerprintBytes];
        var read = file.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        var end = beginning.AsSpan(0, read).IndexOf((byte)'\n');
        return end < 0 && read < MaxFingerprintBytes
            ? null
            : Convert.ToHexStringLower(SHA256.HashData(beginning.AsSpan(0, end < 0 ? read : end)).AsSpan(0, 8));
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}

/// <param name="IsLog">It has the name of the log; otherwise it is what the log was.</param>
internal sealed record LogFile(string Path, string Fingerprint, long Length, bool IsLog, DateTime WrittenAt);
