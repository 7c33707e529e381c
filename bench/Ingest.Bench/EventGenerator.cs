using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Metering.Ingest.Events;
using NodaTime;
using NodaTime.Text;

namespace Metering.Ingest.Bench;

/// <summary>
/// Usage of an AI gateway: completions of some tenants' customers with some models, about 389 bytes of CloudEvents JSON each. The same seed
/// makes the same events. Not for threads to share.
/// </summary>
internal sealed class EventGenerator(ulong seed, EventIds ids, int subjects = EventGenerator.DefaultSubjects)
{
    public const int DefaultSubjects = 1_200;
    public const string EventType = "ai.completion";

    private static readonly string[] Models = ["small-4", "large-4", "embed-3", "vision-2"];
    private static readonly InstantPattern Time = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.ffffff'Z'");
    private ulong state = seed;

    /// <summary>When the next event happens; each one is a little later.</summary>
    public Instant Now { get; set; } = Instant.FromUtc(2026, 10, 1, 0, 0);

    /// <summary>From one event to the next.</summary>
    public Duration Step { get; set; } = Duration.FromTicks(100);

    public static string SubjectOf(int number) => string.Create(CultureInfo.InvariantCulture, $"tenant-{number % 60:D3}/customer-{number:D5}");

    /// <summary>One event as JSON.</summary>
    public string Next()
    {
        Now += Step;
        var subject = NextSubject();
        var input = 100 + (Random() % 4_000);
        var output = 10 + (Random() % 1_000);
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            {"specversion":"1.0","id":"{{{NextId()}}}","source":"gateway-eu-1/{{{subject % 8}}}","type":"{{{EventType}}}",
            """)
            + string.Create(CultureInfo.InvariantCulture, $$$"""
            "subject":"{{{SubjectOf(subject)}}}","time":"{{{Time.Format(Now)}}}","data":{"model":"{{{Models[Random() % 4]}}}",
            """)
            + string.Create(CultureInfo.InvariantCulture, $$$"""
            "route":"/v1/chat/completions","status":200,"input_tokens":{{{input}}},"output_tokens":{{{output}}},"total_tokens":{{{input + output}}},
            """)
            + string.Create(CultureInfo.InvariantCulture, $$$"""
            "duration_ms":{{{50 + (Random() % 9_000)}}},"region":"eu-west-1","stream":true}}
            """);
    }

    /// <summary>A request's body: a JSON array of events.</summary>
    public byte[] NextBody(int events)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < events; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(Next());
        }

        return Encoding.UTF8.GetBytes(text.Append(']').ToString());
    }

    /// <summary>The same, read as requests would be, of which no body holds more than its limit.</summary>
    public UsageEvent[] NextEvents(int events)
    {
        var read = new List<UsageEvent>(events);
        while (read.Count < events)
        {
            read.AddRange(Read(NextBody(Math.Min(events - read.Count, EventLimits.MaxEventsPerRequest))));
        }

        return [.. read];
    }

    public static UsageEvent[] Read(byte[] body) =>
        [.. CloudEventReader.Read(body, EventBatchForm.Array, Instant.FromUtc(2026, 11, 1, 0, 0)).Events];

    /// <summary>SplitMix64: a seed makes the same numbers on every machine.</summary>
    public ulong Random()
    {
        unchecked
        {
            var mixed = state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>As customers are: a tenth of them make half of the usage.</summary>
    private int NextSubject()
    {
        var uniform = (Random() >> 11) * (1.0 / (1UL << 53));
        return (int)(subjects * uniform * uniform * uniform);
    }

    private string NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Random());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Random());
        if (ids == EventIds.TimeOrdered)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes, (Now.ToUnixTimeMilliseconds() << 16) | 0x7000L | bytes[7]);
        }
        else
        {
            bytes[6] = (byte)(0x40 | (bytes[6] & 0x0F));
        }

        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true).ToString();
    }
}

/// <summary>How senders make their ids.</summary>
internal enum EventIds
{
    /// <summary>UUIDv7.</summary>
    TimeOrdered,

    /// <summary>UUIDv4.</summary>
    Random,
}
