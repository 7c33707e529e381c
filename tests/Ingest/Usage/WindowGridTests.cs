using Metering.Ingest.Usage;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

public sealed class WindowGridTests
{
    [Fact]
    public void Windows_begin_where_the_zone_says()
    {
        const string Table = """
            window  zone                 from                  to                    starts, and the last end
            Hour    UTC                  2026-01-15T10:20:00Z  2026-01-15T11:01:00Z  10:00 11:00 12:00
            Minute  UTC                  2026-01-15T10:20:30Z  2026-01-15T10:22:00Z  10:20 10:21 10:22
            Hour    Asia/Kolkata         2026-01-15T10:20:00Z  2026-01-15T11:31:00Z  09:30 10:30 11:30 12:30
            Day     Asia/Kolkata         2026-01-15T10:00:00Z  2026-01-15T20:00:00Z  01-14T18:30 18:30 01-16T18:30
            Day     Europe/Berlin        2026-03-28T23:00:00Z  2026-03-30T00:00:00Z  03-28T23:00 03-29T22:00 03-30T22:00
            Day     Europe/Berlin        2026-10-24T22:00:00Z  2026-10-26T00:00:00Z  10-24T22:00 10-25T23:00 10-26T23:00
            Day     America/Sao_Paulo    2018-11-03T12:00:00Z  2018-11-05T00:00:00Z  11-03T03:00 11-04T03:00 11-05T02:00
            Day     Pacific/Apia         2011-12-29T12:00:00Z  2011-12-31T00:00:00Z  12-29T10:00 12-30T10:00 12-31T10:00
            Month   America/New_York     2026-02-10T00:00:00Z  2026-04-02T00:00:00Z  02-01T05:00 03-01T05:00 04-01T04:00 05-01T04:00
            Hour    Australia/Lord_Howe  2026-04-04T13:30:00Z  2026-04-04T16:00:00Z  13:00 14:00 15:30 16:30
            Hour    Australia/Lord_Howe  2026-10-03T15:00:00Z  2026-10-03T16:30:00Z  14:30 16:00 17:00
            Hour    Europe/Berlin        2026-10-24T23:30:00Z  2026-10-25T02:30:00Z  23:00 10-25T00:00 10-25T01:00 10-25T02:00 10-25T03:00
            """;

        const StringSplitOptions Words = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (var row in Table.Split('\n').Skip(1).Select(line => line.Split(' ', Words)))
        {
            var from = InstantPattern.ExtendedIso.Parse(row[2]).Value;
            var grid = new WindowGrid(Enum.Parse<UsageWindow>(row[0]), DateTimeZoneProviders.Tzdb[row[1]]);

            var boundaries = grid.Cover(from, InstantPattern.ExtendedIso.Parse(row[3]).Value, 1_000);

            Assert.Equal(row[4..].Select(cell => Full(cell, from)), boundaries!.Value.Select(InstantPattern.ExtendedIso.Format));
        }
    }

    [Fact]
    public void More_windows_than_are_wanted_are_none() =>
        Assert.Null(new WindowGrid(UsageWindow.Hour, DateTimeZone.Utc)
            .Cover(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 2, 0, 0), 23));

    /// <summary>What a cell leaves out is as in the row's start.</summary>
    private static string Full(string cell, Instant from)
    {
        var start = InstantPattern.ExtendedIso.Format(from);
        return cell.Contains('T', StringComparison.Ordinal) ? $"{start[..5]}{cell}:00Z" : $"{start[..11]}{cell}:00Z";
    }
}
