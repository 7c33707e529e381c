using System.Globalization;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Reservations;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Reservations;

public sealed class ReservationSizingTests
{
    /// <summary>Terms: 200 output tokens unless the client says, 500 at most, 50 bytes of overhead. A dash is what nobody says.</summary>
    [Fact]
    public void What_is_reserved_follows_from_what_is_known()
    {
        const string table = """
            mode     counts context usual | bytes prompt max  choices encoded server | units prompt clamp
            Strict   Total  -       -     | 1000  -      -    1       no      no     | 1250  300    200
            Strict   Total  -       -     | 1000  -      100  1       no      no     | 1150  300    100
            Strict   Total  -       -     | 1000  -      9000 1       no      no     | 1550  300    500
            Strict   Total  -       -     | 1000  -      100  3       no      no     | 1350  300    100
            Strict   Total  -       -     | 1000  80     100  1       no      no     | 230   80     100
            Strict   Input  -       -     | 1000  -      100  1       no      no     | 1050  300    100
            Strict   Output -       -     | 1000  -      100  2       no      no     | 200   300    100
            Strict   Output -       -     | -     -      100  2       no      no     | 200   0      100
            Strict   Total  -       -     | -     -      100  1       no      no     | none
            Strict   Total  -       -     | 1000  -      100  1       yes     no     | none
            Strict   Total  -       -     | 1000  80     100  1       no      yes    | none
            Strict   Total  8000    -     | -     -      100  1       no      no     | 8100  8000   100
            Strict   Total  8000    -     | 1000  -      100  1       yes     no     | 8100  8000   100
            Strict   Total  8000    -     | 1000  -      100  1       no      yes    | 8100  300    100
            Strict   Total  8000    -     | 90000 -      100  1       no      no     | 8100  8000   100
            Estimate Total  -       -     | 1000  -      -    1       no      no     | 500   300    200
            Estimate Total  -       60    | 1000  -      -    1       no      no     | 360   300    200
            Estimate Total  -       60    | 1000  -      40   2       no      no     | 380   300    40
            Estimate Total  -       -     | 1001  -      1    1       no      no     | 302   301    1
            Estimate Total  -       -     | -     -      100  1       no      no     | none
            Estimate Total  900     -     | -     -      100  1       no      no     | 1000  900    100
            Estimate Output -       -     | 0     -      1    1       no      no     | 1     0      1
            """;
        foreach (var row in table.Split('\n').Skip(1))
        {
            var cells = row.Replace("|", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var terms = new ReservationTerms(
                Enum.Parse<ReservationMode>(cells[0]), Enum.Parse<CountedTokens>(cells[1]), 200, 500,
                OverheadBytes: cells[0] == "Strict" ? 50 : 0, Number(cells[2]), OrphanPolicy.Refund, 1, 1);
            var call = new ModelCall(
                "m", Number(cells[4]), Number(cells[5]), Number(cells[6]), (int)Number(cells[7])!, cells[8] == "yes", cells[9] == "yes");

            var sized = ReservationSizing.TrySize(call, terms, Number(cells[3]), out var reserved);

            var expected = cells[10] == "none" ? "none" : string.Join(' ', cells[10..13]);
            var actual = sized ? $"{reserved.Units} {reserved.PromptTokens} {reserved.MaxOutputTokens}" : "none";
            Assert.Equal($"{row} => {expected}", $"{row} => {actual}");
        }
    }

    [Fact]
    public void The_usual_length_of_answers_is_what_ninety_five_of_a_hundred_stay_below()
    {
        var history = new OutputHistory();
        for (var i = 1; i < OutputHistory.FewestSeen; i++)
        {
            history.Saw("small", 10);
            Assert.Null(history.UsualMost("small"));
        }

        history.Saw("small", 10);
        Assert.Equal(10, history.UsualMost("small"));
        for (var i = 1; i <= 10_000; i++)
        {
            history.Saw("large", i % 1_000);
        }

        Assert.InRange(history.UsualMost("large")!.Value, 950, 950 * 9 / 8);
        Assert.Equal(10, history.UsualMost("small"));
        Assert.Null(history.UsualMost("unknown"));
        Assert.Null(history.UsualMost(null));
    }

    [Fact]
    public void Answers_of_long_ago_are_forgotten()
    {
        var history = new OutputHistory();
        for (var i = 0; i < 2_000; i++)
        {
            history.Saw("model", 100_000);
        }

        for (var i = 0; i < 8_000; i++)
        {
            history.Saw("model", 100);
        }

        Assert.InRange(history.UsualMost("model")!.Value, 100, 112);
    }

    private static long? Number(string text) => text == "-" ? null : long.Parse(text, CultureInfo.InvariantCulture);
}
