using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Metering.Testing;
using NodaTime;

namespace Metering.Faults.Driver;

/// <summary>
/// What the driver sends, from a seed alone: batches of events with duplicates (2 %), conflicting resends (1 %) and events that a meter can
/// not read (1 %) among them, over the turn of a month, with ids of both kinds: some carry their time, some do not.
/// </summary>
internal sealed class SeededUsage
{
    public const int Events = 200_000;
    public const int EventsPerBatch = 500;
    private const int Duplicates = 200;
    private const int Conflicts = 100;
    private const int Invalid = 100;
    private const int PublishedEvery = 3;
    private const int Subjects = 20;
    private const int SpanSeconds = 5 * 86_400;
    private static readonly Instant From = Instant.FromUtc(2026, 1, 29, 0, 0);
    private static readonly ImmutableArray<string> Models = ["small", "medium", "large", "vision"];

    private readonly SplitMix random;

    public SeededUsage(int seed)
    {
        random = new SplitMix((ulong)seed);
        Seed = seed;
        Source = $"fault-driver-{seed}";
        var sent = new List<SentEvent>(Events);
        while (sent.Count < Events)
        {
            sent.Add(Next(sent));
        }

        Batches = [.. sent.Chunk(EventsPerBatch).Select(batch => batch.ToImmutableArray())];
        Variants = sent.Distinct().ToLookup(one => one.Id);
    }

    public int Seed { get; }

    public string Source { get; }

    public ImmutableArray<ImmutableArray<SentEvent>> Batches { get; }

    /// <summary>Under each id everything that was sent, without the repetitions: more than one is a conflict.</summary>
    public ILookup<string, SentEvent> Variants { get; }

    /// <summary>Whether a gateway publishes the batch itself, where there is a broker.</summary>
    public static bool IsPublished(int batch) => batch % PublishedEvery == 0;

    /// <summary>Over AMQP nobody can be told of a malformed event before it is taken: there each batch has one more, without a subject.</summary>
    public string PublishedBodyOf(int batch) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{{BodyOf(batch)[..^1]}},{"specversion":"1.0","type":"ai.completion","source":"{{Source}}","id":"without-subject-{{batch}}"}]""");

    public string BodyOf(int batch)
    {
        var body = new StringBuilder(EventsPerBatch * 256).Append('[');
        foreach (var one in Batches[batch])
        {
            if (body.Length > 1)
            {
                body.Append(',');
            }

            one.AppendTo(body, Source);
        }

        return body.Append(']').ToString();
    }

    private SentEvent Next(List<SentEvent> sent)
    {
        if (sent.Count > 0 && random.Chance(Duplicates))
        {
            return sent[random.Below(sent.Count)];
        }

        if (sent.Count > 0 && random.Chance(Conflicts))
        {
            var first = sent[random.Below(sent.Count)];
            return first with { Tokens = (first.Tokens ?? 0) + 1 };
        }

        var time = From + Duration.FromSeconds(random.Below(SpanSeconds));
        return new SentEvent(
            IdOf(sent.Count, time),
            string.Create(CultureInfo.InvariantCulture, $"driver-{Seed}-customer-{random.Below(Subjects)}"),
            time,
            Models[random.Below(Models.Length)],
            random.Chance(Invalid) ? null : 1 + random.Below(4_000));
    }

    private string IdOf(int number, Instant time) => random.Below(2) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"request-{Seed}-{number:D7}")
        : TimedId(number, time).ToString("D");

    /// <summary>A UUIDv7 whose random bits are the seed's.</summary>
    private Guid TimedId(int number, Instant time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time.ToDateTimeOffset()).TryWriteBytes(bytes, bigEndian: true, out _);
        BitConverter.TryWriteBytes(bytes[8..], random.Next());
        BitConverter.TryWriteBytes(bytes[12..], number);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        bytes[6] = 0x70;
        bytes[7] = (byte)Seed;
        return new Guid(bytes, bigEndian: true);
    }
}
