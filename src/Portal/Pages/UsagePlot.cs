using System.Collections.Immutable;
using System.Globalization;
using Metering.Rating;
using NodaTime;
using NodaTime.Text;

namespace Metering.Portal.Pages;

/// <summary>Where the bars of a chart stand. Pure; drawn on the server, so that it needs no script.</summary>
internal sealed record UsagePlot(ImmutableArray<PlotBar> Bars, ImmutableArray<PlotGridLine> GridLines, ImmutableArray<PlotTick> Ticks)
{
    private const int MaxTicks = 8;
    private const double BarShare = 0.7;
    private static readonly decimal[] RoundSteps = [1m, 2m, 2.5m, 5m, 10m];
    private static readonly LocalDatePattern DayPattern = LocalDatePattern.Create("d MMM", CultureInfo.InvariantCulture);

    public const int Width = 720;
    public const int Height = 160;
    public const int AxisHeight = 28;
    public const int Left = 52;
    private const int Top = 16;

    public static UsagePlot Of(UsageSeries series)
    {
        var top = RoundedTop(series.Max);
        var step = (double)(Width - Left) / Math.Max(1, series.Days.Length);
        var bars = ImmutableArray.CreateBuilder<PlotBar>();
        var ticks = ImmutableArray.CreateBuilder<PlotTick>();
        var every = (series.Days.Length + MaxTicks - 1) / MaxTicks;
        for (var i = 0; i < series.Days.Length; i++)
        {
            var day = series.Days[i];
            var height = (Height - Top) * (double)(Math.Max(0m, day.Quantity) / top);
            bars.Add(new PlotBar(
                Left + (step * (i + ((1 - BarShare) / 2))), Height - height, step * BarShare, height,
                $"{DayText(day.Date)}: {AmountText.Quantity(day.Quantity)}"));
            if (i % every == 0)
            {
                ticks.Add(new PlotTick(Left + (step * (i + 0.5)), DayText(day.Date)));
            }
        }

        return new UsagePlot(bars.ToImmutable(), GridOf(top), ticks.ToImmutable());
    }

    public static string DayText(LocalDate date) => DayPattern.Format(date);

    private static ImmutableArray<PlotGridLine> GridOf(decimal top) =>
        [.. new[] { 0m, 0.5m, 1m }.Select(share => new PlotGridLine(Height - ((Height - Top) * (double)share), Short(top * share)))];

    /// <summary>The next of 1, 2, 2.5, 5 times a power of ten, so that the axis has round figures.</summary>
    internal static decimal RoundedTop(decimal max)
    {
        if (max <= 0m)
        {
            return 1m;
        }

        var power = 1m;
        while (power * 10m <= max)
        {
            power *= 10m;
        }

        while (power > max)
        {
            power /= 10m;
        }

        return RoundSteps.First(step => step * power >= max) * power;
    }

    /// <summary>1.5 M, 250 k: an axis has no room for zeros.</summary>
    internal static string Short(decimal value) => value switch
    {
        >= 1_000_000_000m => $"{AmountText.Quantity(value / 1_000_000_000m)} G",
        >= 1_000_000m => $"{AmountText.Quantity(value / 1_000_000m)} M",
        >= 10_000m => $"{AmountText.Quantity(value / 1_000m)} k",
        _ => AmountText.Quantity(value),
    };
}

internal sealed record PlotBar(double X, double Y, double Width, double Height, string Title);

internal sealed record PlotGridLine(double Y, string Label);

internal sealed record PlotTick(double X, string Label);
