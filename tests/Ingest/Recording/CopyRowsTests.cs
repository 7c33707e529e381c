using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Recording;
using Metering.Platform.Database;
using Metering.Testing;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Recording;

public sealed class CopyRowsTests
{
    private const int Rows = 2_000;

    [Fact]
    public async Task What_is_copied_is_what_was_written()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var session = await new MeteringDatabase(source).OpenAsync(CancellationToken.None);
        await session.ExecuteAsync(
            "create table copied (n int, id uuid, whole bigint, number numeric, at timestamptz, words text, bytes text, json json)", null,
            CancellationToken.None);
        var rows = GenRow.Sample(Rows, 50).ToArray();

        const string Sql = "copy copied from stdin (format binary)";
        await using (var copied = await CopyRows.BeginAsync(session, Sql, CancellationToken.None))
        {
            for (var i = 0; i < rows.Length; i++)
            {
                await copied.StartRowAsync(8, CancellationToken.None);
                copied.Write(i);
                copied.Write(rows[i].Id);
                copied.Write(rows[i].Whole);
                copied.Write(rows[i].Number);
                copied.Write(rows[i].At);
                copied.Write(rows[i].Words);
                copied.WriteUtf8(System.Text.Encoding.UTF8.GetBytes(rows[i].Words ?? "none"));
                copied.Write($$"""{"n": {{i}}}""");
            }

            await copied.CompleteAsync(CancellationToken.None);
        }

        var read = await session.QueryAsync<Row>(
            "select id, whole, number, at, words from copied where json ->> 'n' = n::text order by n", null, CancellationToken.None);
        Assert.Equal(rows, read);
        Assert.Equal(rows.Select(row => row.Number?.Scale), read.Select(row => row.Number?.Scale));
        var texts = await session.QueryAsync<string>("select bytes from copied order by n", null, CancellationToken.None);
        Assert.Equal(rows.Select(row => row.Words ?? "none"), texts);
    }

    private static Gen<Row> GenRow =>
        from bytes in Gen.Choose(0, 255).ArrayOf(16)
        from whole in Gen.Choose(int.MinValue, int.MaxValue)
        from shift in Gen.Choose(0, 32)
        from number in GenNumber
        from microseconds in Gen.Choose(int.MinValue, int.MaxValue)
        from words in Gen.Elements<string?>("", "acme", "Grüße aus 東京", "\"quoted\\\t", null, new string('x', 3_000))
        from present in Gen.Choose(0, 5)
        select new Row
        {
            Id = present == 0 ? null : new Guid([.. bytes.Select(b => (byte)b)]),
            Whole = (long)whole << shift,
            Number = present == 1 ? null : number,
            At = present == 2 ? null : Instant.FromUtc(2026, 1, 1, 0, 0) + Duration.FromMilliseconds(microseconds * 1.0) + Duration.FromTicks(10),
            Words = words,
        };

    /// <summary>All widths and scales that PostgreSQL hands back as a decimal.</summary>
    private static Gen<decimal> GenNumber =>
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        from middle in Gen.Choose(int.MinValue, int.MaxValue)
        from high in Gen.Choose(0, int.MaxValue)
        from width in Gen.Choose(0, 3)
        from negative in Gen.Elements(true, false)
        from scale in Gen.Choose(0, 12)
        select new decimal(width == 0 ? 0 : low, width < 2 ? 0 : middle, width < 3 ? 0 : high, negative && width > 0, (byte)scale);

    private sealed record Row
    {
        public Guid? Id { get; init; }
        public long Whole { get; init; }
        public decimal? Number { get; init; }
        public Instant? At { get; init; }
        public string? Words { get; init; }
    }
}
