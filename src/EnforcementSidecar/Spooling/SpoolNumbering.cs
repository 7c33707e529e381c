using System.Globalization;
using System.Text;
using System.Text.Json;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// The number that an event bears towards Host, so that a loss is seen there: its place in the spool, counted from where the numbering began.
/// A place is never used twice, so neither is a number. A numbering begins anew, under another name, when the spool's directory is new.
/// </summary>
internal sealed class SpoolNumbering
{
    private const string FileName = "numbering";
    private readonly long before;

    private SpoolNumbering(string epoch, long before)
    {
        Epoch = epoch;
        this.before = before;
    }

    public string Epoch { get; }

    /// <param name="firstUnshipped">Where a new numbering begins: what was shipped before bore no number.</param>
    public static SpoolNumbering Open(string directory, string sidecarId, long firstUnshipped)
    {
        var path = Path.Combine(directory, FileName);
        var parts = File.Exists(path) ? File.ReadAllText(path).Trim().Split(' ') : [];
        if (parts is [{ Length: > 0 } epoch, var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var before))
        {
            return new SpoolNumbering(epoch, before);
        }

        var fresh = new SpoolNumbering($"{sidecarId}.{Ulid.NewText(SystemClock.Instance.GetCurrentInstant())}", firstUnshipped - 1);
        fresh.Write(path);
        return fresh;
    }

    /// <summary>Null for what was spooled before the numbering began, which only a cursor that fell back by a power cut can bring.</summary>
    public long? NumberOf(SpoolRecord record) => record.Sequence > before ? record.Sequence - before : null;

    /// <summary>The event with its number.</summary>
    public void Write(SpoolRecord record, Stream target)
    {
        if (NumberOf(record) is not { } number)
        {
            target.Write(record.Payload);
            return;
        }

        target.Write(record.Payload.AsSpan(0, record.Payload.AsSpan().LastIndexOf((byte)'}')));
        target.Write(",\"meteringseq\":\""u8);
        target.Write(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        target.Write("\",\"meteringepoch\":\""u8);
        target.Write(JsonEncodedText.Encode(Epoch).EncodedUtf8Bytes);
        target.Write("\"}"u8);
    }

    /// <summary>Whole or not at all: half a name would be another numbering at the next start.</summary>
    private void Write(string path)
    {
        var draft = path + ".new";
        using (var file = File.OpenHandle(draft, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Epoch} {before}\n")), fileOffset: 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(draft, path, overwrite: true);
    }
}
