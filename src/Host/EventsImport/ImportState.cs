using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Metering.Host.EventsImport;

/// <summary>How far an import has come, kept beside its file until it is through.</summary>
/// <param name="Fingerprint">Of the beginning of the file and of the mapping: what continues has to be the same import.</param>
/// <param name="Rows">How many rows are safe.</param>
public sealed record ImportState(string Fingerprint, long Rows)
{
    private const int FingerprintBytes = 64 << 10;

    /// <summary>The state that an import of this file would have at its beginning. Leaves the stream at its beginning.</summary>
    public static async Task<ImportState> OfAsync(Stream file, ImportMapping mapping, CancellationToken cancellationToken)
    {
        var beginning = new byte[FingerprintBytes];
        var read = await file.ReadAtLeastAsync(beginning, FingerprintBytes, throwOnEndOfStream: false, cancellationToken);
        file.Position = 0;
        var fields = string.Join('\0', mapping.Data.Select(item => $"{item.Key}={item.Value}")
            .Prepend($"{mapping.Type}\0{mapping.Subject}\0{mapping.SubjectColumn}\0{mapping.TimeColumn}\0{mapping.IdColumn}\0{mapping.Source}"));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(beginning.AsSpan(0, read));
        hash.AppendData(Encoding.UTF8.GetBytes(fields));
        return new ImportState(Convert.ToHexStringLower(hash.GetHashAndReset()), 0);
    }

    /// <summary>Null when there is none.</summary>
    /// <exception cref="ImportException">It can not be read.</exception>
    public static ImportState? Load(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<ImportState>(File.ReadAllText(path)) : null;
        }
        catch (JsonException)
        {
            throw new ImportException($"{path} does not say how far an import has come. Remove it to begin again.");
        }
    }

    /// <summary>Whole or not at all.</summary>
    public void Save(string path)
    {
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(this));
        File.Move(path + ".new", path, overwrite: true);
    }
}
