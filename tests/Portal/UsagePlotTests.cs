using System.Globalization;
using Metering.Portal.Pages;
using NodaTime;
using Xunit;

namespace Metering.Portal.Tests;

public sealed class UsagePlotTests
{
    [Theory]
    [InlineData("0", "1")]
    [InlineData("0.3", "0.5")]
    [InlineData("1", "1")]
    [InlineData("7", "10")]
    [InlineData("21", "25")]
    [InlineData("4000000", "5000000")]
    [InlineData("10000000000000000", "10000000000000000")]
    public void The_axis_ends_at_the_next_round_figure(string max, string top) => Assert.Equal(Number(top), UsagePlot.RoundedTop(Number(max)));

    [Theory]
    [InlineData("999", "999")]
    [InlineData("2500000", "2.5 M")]
    [InlineData("25000", "25 k")]
    [InlineData("5000000000", "5 G")]
    public void The_axis_writes_large_figures_short(string value, string text) => Assert.Equal(text, UsagePlot.Short(Number(value)));

    [Fact]
    public void Bars_stay_within_the_picture_and_are_as_high_as_their_share()
    {
        var start = new LocalDate(2026, 1, 1);
        var plot = UsagePlot.Of(new UsageSeries("t", "Tokens", [.. Enumerable.Range(0, 31).Select(i => new UsageDay(start.PlusDays(i), i))]));
        Assert.All(plot.Bars, bar => Assert.InRange(bar.X + bar.Width, UsagePlot.Left, UsagePlot.Width));
        Assert.Equal(0, plot.Bars[0].Height);
        Assert.Equal(plot.Bars[15].Height * 2, plot.Bars[30].Height, 6);
        Assert.InRange(plot.Ticks.Length, 2, 8);
    }

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
