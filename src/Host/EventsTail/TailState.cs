using System.Collections.Immutable;
using System.Text.Json;
using Metering.Host.EventsImport;

namespace Metering.Host.EventsTail;

/// <summary>How far each file of a log has been read. What lies before an offset is safe with the server.</summary>
internal sealed record TailState(ImmutableArray<ReadFile> Files)
{
    public static TailState Empty { get; } = new([]);

    /// <exception cref="ImportException">It can not be read.</exception>
    public static TailState Load(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<TailState>(File.ReadAllText(path)) ?? Empty : Empty;
        }
        catch (JsonException)
        {
            throw new ImportException($"{path} does not say how far a log has been read. Put it right, or remove it to read the log from its start.");
        }
    }

    public TailState With(ReadFile file) => new([.. Files.Where(known => known.Fingerprint != file.Fingerprint), file]);

    public TailState Without(string fingerprint) => new([.. Files.Where(known => known.Fingerprint != fingerprint)]);

    /// <summary>Whole or not at all, and on the disk before the next batch is read.</summary>
    public void Save(string path)
    {
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, this);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}

/// <param name="Fingerprint">Of the file's first line, which stays when the file is renamed or copied.</param>
/// <param name="Offset">In bytes; the start of the first line that was not sent yet.</param>
internal sealed record ReadFile(string Fingerprint, long Offset);
