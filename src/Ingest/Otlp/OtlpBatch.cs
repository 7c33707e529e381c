using System.Buffers;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Ingest.Otlp;

/// <summary>What a request of OTLP comes to: usage events as CloudEvents, and how many of its items were refused and why.</summary>
internal sealed class OtlpBatch : IDisposable
{
    private const int MaxReasons = 5;
    private static readonly Instant Epoch = NodaConstants.UnixEpoch;

    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter writer;
    private readonly List<string> reasons = [];

    public OtlpBatch()
    {
        writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
    }

    public int Events { get; private set; }

    public int Rejected { get; private set; }

    /// <summary>The first reasons, for whoever runs the exporter; empty when nothing was refused.</summary>
    public string Reasons => string.Join(" ", reasons);

    public void Reject(string reason)
    {
        Rejected++;
        if (reasons.Count < MaxReasons && !reasons.Contains(reason))
        {
            reasons.Add(reason);
        }
    }

    /// <param name="subject">As an attribute says it; null when none does.</param>
    /// <param name="unixNanoseconds">When it was over.</param>
    /// <param name="writeData">Writes the members of the data.</param>
    public void Add(
        string type, string? service, string id, string? subject, string subjectAttribute, decimal unixNanoseconds, Action<Utf8JsonWriter> writeData)
    {
        if (Refuse(service, subject, subjectAttribute, unixNanoseconds) is { } reason)
        {
            Reject(reason);
            return;
        }

        Events++;
        writer.WriteStartObject();
        writer.WriteString("specversion", "1.0");
        writer.WriteString("id", id);
        writer.WriteString("source", SourceOf(service));
        writer.WriteString("type", type);
        writer.WriteString("subject", subject);
        writer.WriteString("time", InstantConverter.Format(TimeOf(unixNanoseconds)));
        writer.WriteStartObject("data");
        writeData(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public ReadOnlyMemory<byte> ToBody()
    {
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    public void Dispose() => writer.Dispose();

    private string? Refuse(string? service, string? subject, string subjectAttribute, decimal unixNanoseconds)
    {
        if (Events == EventLimits.MaxEventsPerRequest)
        {
            return $"A request holds at most {EventLimits.MaxEventsPerRequest} items of usage.";
        }

        if (subject is null or "")
        {
            return $"There is no attribute {subjectAttribute} to say whose usage it is.";
        }

        if (subject.Length > EventLimits.MaxSubjectLength || subject.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return $"The attribute {subjectAttribute} has more than {EventLimits.MaxSubjectLength} or odd characters.";
        }

        if (SourceOf(service) is { Length: > EventLimits.MaxSourceLength } source || SourceOf(service).AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return "The attribute service.name is too long or has odd characters.";
        }

        var latest = (EventLimits.LatestTime - Epoch).TotalSeconds * 1e9;
        return unixNanoseconds < 1 || unixNanoseconds >= (decimal)latest ? "The time is missing or out of range." : null;
    }

    private static Instant TimeOf(decimal unixNanoseconds) =>
        Epoch + Duration.FromTicks(decimal.ToInt64(decimal.Truncate(unixNanoseconds / 1000m)) * 10);

    private static string SourceOf(string? service) => $"otlp/{service ?? "unknown_service"}";
}
