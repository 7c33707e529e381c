using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating.Bench;

/// <summary>One dimensional price with so many cells, and usage in each.</summary>
internal sealed class PriceMatrix
{
    private readonly RatingInput input;

    public PriceMatrix(int cells)
    {
        ImmutableArray<string> dimensions = ["model", "token_type"];
        string[] types = ["input", "output", "cached", "reasoning", "audio"];
        var values = Enumerable.Range(0, cells).Select(i => ImmutableArray.Create($"model-{i / types.Length:D3}", types[i % types.Length])).ToArray();
        var march = new ServicePeriod(Instant.FromUtc(2026, 3, 1, 0, 0), Instant.FromUtc(2026, 4, 1, 0, 0));
        input = new RatingInput
        {
            Price = new Price.Dimensional(
                dimensions,
                [.. values.Select((cell, i) => new PriceCell(cell!, new Price.PerUnit(0.000001m * (i + 100))))],
                fallback: null,
                Pooling.EachGroup),
            Currency = Currency.Usd,
            Line = LinePeriod.Whole(march),
            Rounding = Rounding.HalfAwayFromZero,
            Proration = Proration.ByTime,
            Groups = new GroupedUsage(dimensions, [.. values.Select((cell, i) => new UsageGroup(cell, Usage.Of(1_000_000m + i)))]),
        };
        Cells = cells;
    }

    public int Cells { get; }

    public decimal Explained(int lines)
    {
        var sum = 0m;
        for (var line = 0; line < lines; line++)
        {
            sum += Rater.Rate(input).Total.Amount;
        }

        return sum;
    }
}
