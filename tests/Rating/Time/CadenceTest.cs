namespace Metering.Rating.Tests;

public sealed class CadenceTest
{
    [Theory]
    [InlineData("P1M", 1, CadenceUnit.Month)]
    [InlineData("P3M", 3, CadenceUnit.Month)]
    [InlineData("P1D", 1, CadenceUnit.Day)]
    [InlineData("P2W", 2, CadenceUnit.Week)]
    [InlineData("P1Y", 1, CadenceUnit.Year)]
    [InlineData("PT1H", 1, CadenceUnit.Hour)]
    [InlineData("PT15M", 15, CadenceUnit.Minute)]
    [InlineData("P10000D", 10_000, CadenceUnit.Day)]
    public void One_unit_of_ISO_8601_is_read_and_written_back(string text, int count, CadenceUnit unit)
    {
        Assert.True(Cadence.TryParse(text, out var cadence));
        Assert.Equal(new Cadence(count, unit), cadence);
        Assert.Equal(text, cadence.ToString());
    }

    [Fact]
    public void The_usual_cadences_have_names() =>
        Assert.Equal(["P1D", "P1M", "P1Y"], new[] { Cadence.Daily, Cadence.Monthly, Cadence.Yearly }.Select(cadence => cadence.ToString()));

    [Theory]
    [InlineData("P000001M")]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1")]
    [InlineData("P0M")]
    [InlineData("P-1M")]
    [InlineData("P+1M")]
    [InlineData("P 1M")]
    [InlineData("P1M15D")]
    [InlineData("P1H")]
    [InlineData("PT1D")]
    [InlineData("PM")]
    [InlineData("PTM")]
    [InlineData("P1.5D")]
    [InlineData("P10001D")]
    [InlineData("P99999999999999999999D")]
    [InlineData("p1m")]
    [InlineData("1M")]
    [InlineData(null)]
    public void Anything_else_is_not_a_cadence(string? text)
    {
        Assert.False(Cadence.TryParse(text, out var cadence));
        Assert.Null(cadence);
    }

    [Fact]
    public void A_count_outside_its_bounds_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Cadence(0, CadenceUnit.Day));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Cadence(Cadence.CountMax + 1, CadenceUnit.Day));
        Assert.Throws<FormatException>(() => Cadence.Parse("month"));
    }
}
