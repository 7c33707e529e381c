using System.Text.Json;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// <c>parked.ndjson</c>: events that Host refused for good, with its words, for a person to look at. They can be corrected
/// and posted again; nothing deletes them.
/// </summary>
internal sealed class ParkedEvents(string directory)
{
    private const int MaxReasonLength = 2_000;

    public string FilePath { get; } = Path.Combine(directory, "parked.ndjson");

    public void Add(SpoolRecord record, int status, string reason)
    {
        using var file = new FileStream(FilePath, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using (var json = new Utf8JsonWriter(file))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", record.Sequence);
            json.WriteNumber("status", status);
            json.WriteString("reason", reason.Length > MaxReasonLength ? reason[..MaxReasonLength] : reason);
            json.WritePropertyName("event");
            json.WriteRawValue(record.Payload);
            json.WriteEndObject();
        }

        file.WriteByte((byte)'\n');
        file.Flush(flushToDisk: true);
    }
}
