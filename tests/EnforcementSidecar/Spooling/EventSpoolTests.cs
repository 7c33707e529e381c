using System.Text;
using Metering.EnforcementSidecar.Spooling;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Spooling;

public sealed class EventSpoolTests
{
    private readonly string directory = Directory.CreateTempSubdirectory("metering-spool-").FullName;

    private EventSpool Open(long maxBytes = EventSpool.MaxBytes) =>
        EventSpool.Open(directory, SpoolReader.Open(directory, NullLogger.Instance).Next, NullLogger.Instance, maxBytes);

    private async Task WriteAsync(params string[] payloads)
    {
        using var spool = Open();
        foreach (var payload in payloads)
        {
            Assert.Equal(SpoolOutcome.Stored, await spool.AppendAsync(Encoding.UTF8.GetBytes(payload)));
        }

        await spool.CompleteAsync();
    }

    private List<SpoolRecord> Read(int most = 100)
    {
        using var spool = Open();
        return SpoolReader.Open(directory, NullLogger.Instance).Read(spool.Durable, most, 1 << 20);
    }

    private static string TextOf(IEnumerable<SpoolRecord> records) =>
        string.Join(' ', records.Select(record => $"{record.Sequence}:{Encoding.UTF8.GetString(record.Payload)}"));

    [Fact]
    public async Task What_was_stored_is_read_by_the_next_process_in_order()
    {
        await WriteAsync("a", "b");
        await WriteAsync("c");

        Assert.Equal("1:a 2:b 3:c", TextOf(Read()));
    }

    [Fact]
    public async Task A_torn_tail_is_cut_off_wherever_it_was_torn_and_writing_goes_on()
    {
        await WriteAsync("first", "second");
        var segment = EventSpool.SegmentsOf(directory).Single();
        var whole = await File.ReadAllBytesAsync(segment);
        var firstRecord = SpoolFormat.HeaderBytes + "first".Length;
        for (var length = firstRecord; length < whole.Length; length++)
        {
            EventSpool.SegmentsOf(directory).ForEach(File.Delete);
            await File.WriteAllBytesAsync(segment, whole[..length]);
            await WriteAsync("third");

            Assert.Equal("1:first 2:third", TextOf(Read()));
        }
    }

    [Fact]
    public async Task A_changed_byte_is_noticed_and_what_lies_behind_it_is_not_shipped()
    {
        await WriteAsync("first", "second", "third");
        var segment = EventSpool.SegmentsOf(directory).Single();
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[SpoolFormat.HeaderBytes + "first".Length + SpoolFormat.HeaderBytes] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);

        Assert.Equal("1:first", TextOf(SpoolReader.Open(directory, NullLogger.Instance).Read(3, 100, 1 << 20)));
    }

    [Fact]
    public async Task What_was_shipped_is_not_read_again_and_its_numbers_are_not_used_again()
    {
        await WriteAsync("a", "b", "c");
        var reader = SpoolReader.Open(directory, NullLogger.Instance);
        var records = reader.Read(3, 2, 1 << 20);
        Assert.Equal("1:a 2:b", TextOf(records));
        reader.Advance(records[^1]);
        Assert.Equal("3:c", TextOf(reader.Read(3, 2, 1 << 20)));

        Assert.Equal("3:c", TextOf(Read()));
        await WriteAsync("d");
        Assert.Equal("3:c 4:d", TextOf(Read()));

        // Everything shipped, every segment lost: the cursor alone knows the next number.
        reader = SpoolReader.Open(directory, NullLogger.Instance);
        reader.Advance(reader.Read(4, 100, 1 << 20)[^1]);
        EventSpool.SegmentsOf(directory).ForEach(File.Delete);
        await WriteAsync("e");
        Assert.Equal("5:e", TextOf(Read()));
    }

    [Fact]
    public async Task Many_callers_get_many_numbers_and_few_flushes()
    {
        using (var spool = Open())
        {
            var payloads = Enumerable.Range(0, 2_000).Select(i => Encoding.UTF8.GetBytes($"event {i}"));
            var outcomes = await Task.WhenAll(payloads.Select(payload => Task.Run(() => spool.AppendAsync(payload))));
            Assert.All(outcomes, outcome => Assert.Equal(SpoolOutcome.Stored, outcome));
            await spool.CompleteAsync();
        }

        var records = Read(5_000);
        Assert.Equal(Enumerable.Range(1, 2_000).Select(number => (long)number), records.Select(record => record.Sequence));
        Assert.Equal(2_000, records.Select(record => Encoding.UTF8.GetString(record.Payload)).Distinct().Count());
    }

    [Fact]
    public async Task A_full_spool_says_so_and_takes_events_again_once_it_has_been_shipped()
    {
        using var spool = Open(maxBytes: 100);
        var outcomes = new List<SpoolOutcome>();
        for (var i = 0; i < 6; i++)
        {
            outcomes.Add(await spool.AppendAsync(new byte[20]));
        }

        Assert.Equal("Stored Stored Stored Full Full Full", string.Join(' ', outcomes));
        spool.Freed(100);
        Assert.Equal(SpoolOutcome.Stored, await spool.AppendAsync(new byte[20]));
        await spool.CompleteAsync();
        Assert.Equal(SpoolOutcome.Closed, await spool.AppendAsync(new byte[20]));
    }
}
