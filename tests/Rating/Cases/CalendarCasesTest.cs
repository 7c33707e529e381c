using NodaTime;
using NodaTime.Text;

namespace Metering.Rating.Tests;

/// <summary>
/// Where OpenMeter (J) and Lago (B) expect periods to begin and end. Lago's end on the last second of a day; ours on the first instant of the next.
/// </summary>
public sealed class CalendarCasesTest
{
    [Fact]
    public void Periods_begin_and_end_where_they_do_there()
    {
        const string table = """
            row   cadence  anchor            instant              start                end
            J1    P1M      2024-01-31T15:00  2024-08-13T00:00:00  2024-07-31T15:00:00  2024-08-31T15:00:00
            J4    P1M      2024-01-31T15:00  2024-07-31T15:00:00  2024-07-31T15:00:00  2024-08-31T15:00:00
            B-1   P1M      2022-01-01T00:00  2022-02-28T23:59:59  2022-02-01T00:00:00  2022-03-01T00:00:00
            B-3   P1M      2022-01-02T00:00  2022-03-01T23:59:59  2022-02-02T00:00:00  2022-03-02T00:00:00
            B-4   P1M      2022-01-31T00:00  2022-02-27T23:59:59  2022-01-31T00:00:00  2022-02-28T00:00:00
            B-5   P1M      2021-03-31T00:00  2021-04-30T00:00:00  2021-04-30T00:00:00  2021-05-31T00:00:00
            B-7   P1M      2019-04-30T00:00  2020-03-29T23:59:59  2020-02-29T00:00:00  2020-03-30T00:00:00
            B-8   P3M      2021-01-31T00:00  2021-04-30T00:00:00  2021-04-30T00:00:00  2021-07-31T00:00:00
            B-10  P1Y      2020-02-29T00:00  2025-02-27T23:59:59  2024-02-29T00:00:00  2025-02-28T00:00:00
            B-11  P1M      2022-07-19T00:00  2022-07-19T12:12:00  2022-07-19T00:00:00  2022-08-19T00:00:00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var anchor = InstantPattern.General.Parse($"{row["anchor"]}:00Z").Value;
            var period = new BillingCalendar(Cadence.Parse(row["cadence"]), anchor, DateTimeZone.Utc)
                .PeriodContaining(InstantPattern.General.Parse($"{row["instant"]}Z").Value);
            Assert.Equal((row.ToString(), $"{row["start"]}Z/{row["end"]}Z"), (row.ToString(), period.ToString()));
        }
    }
}
