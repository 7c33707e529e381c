using System.Security.Cryptography;
using System.Text;

namespace Metering.Host.EventsImport;

/// <summary>
/// Ids of rows that have none: the hash of the content and of how many equal rows came before. The same rows have the same ids in whatever file
/// they stand, and rows that repeat are each counted.
/// </summary>
internal sealed class ContentIds
{
    private readonly Dictionary<Guid, int> equalRows = [];

    public string Of(string content)
    {
        var hash = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(content)).AsSpan(0, 16), bigEndian: true);
        var occurrence = equalRows.GetValueOrDefault(hash);
        equalRows[hash] = occurrence + 1;
        return occurrence == 0 ? hash.ToString("N") : $"{hash:N}-{occurrence + 1}";
    }
}
