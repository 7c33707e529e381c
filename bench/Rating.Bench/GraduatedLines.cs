using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating.Bench;

/// <summary>Invoices of ten lines under one graduated price of four tiers, and three ways to rate them. All come to the same total.</summary>
internal sealed class GraduatedLines
{
    public const int LinesPerInvoice = 10;

    private const int QuantityCount = 1024;

    private readonly RatingInput template;
    private readonly decimal[] quantities = new decimal[QuantityCount];
    private readonly decimal[] bounds = [2_000_000m, 10_000_000m, 50_000_000m, decimal.MaxValue];
    private readonly decimal[] unitAmounts = [0m, 0.000005m, 0.000004m, 0.000003m];

    public GraduatedLines()
    {
        var march = new ServicePeriod(Instant.FromUtc(2026, 3, 1, 0, 0), Instant.FromUtc(2026, 4, 1, 0, 0));
        template = new RatingInput
        {
            Price = new Price.Graduated([.. unitAmounts.Select((amount, i) => PriceTier.PerUnit(i == 3 ? null : bounds[i], amount))]),
            Currency = Currency.Usd,
            Line = LinePeriod.Whole(march),
            Rounding = Rounding.HalfAwayFromZero,
            Proration = Proration.ByTime,
        };

        // Every line reaches the fourth tier, so that every line costs the work of four.
        for (var i = 0; i < QuantityCount; i++)
        {
            quantities[i] = 50_000_001m + (i * 7_919m);
        }
    }

    /// <summary>What the arithmetic alone costs: decimals in arrays, each tier rounded to cents, no objects.</summary>
    public decimal Raw(int invoices)
    {
        var sum = 0m;
        for (var line = 0; line < invoices * LinesPerInvoice; line++)
        {
            var quantity = quantities[line % QuantityCount];
            var (from, total) = (0m, 0m);
            for (var tier = 0; tier < bounds.Length; tier++)
            {
                var upTo = Math.Min(quantity, bounds[tier]);
                total += decimal.Round((upTo - from) * unitAmounts[tier], 2, MidpointRounding.AwayFromZero);
                if (quantity <= bounds[tier])
                {
                    break;
                }

                from = bounds[tier];
            }

            sum += total;
        }

        return sum;
    }

    public decimal Totals(int invoices)
    {
        var sum = 0m;
        for (var line = 0; line < invoices * LinesPerInvoice; line++)
        {
            sum += Rater.Total(Line(line))!.Value.Amount;
        }

        return sum;
    }

    public decimal Explained(int invoices)
    {
        var sum = 0m;
        for (var line = 0; line < invoices * LinesPerInvoice; line++)
        {
            sum += Rater.Rate(Line(line)).Total.Amount;
        }

        return sum;
    }

    /// <summary>The same and each explanation rendered as text.</summary>
    public decimal AsText(int invoices)
    {
        var (sum, characters) = (0m, 0L);
        for (var line = 0; line < invoices * LinesPerInvoice; line++)
        {
            var rated = Rater.Rate(Line(line));
            characters += Explanation.Of(rated, "Tokens", "tokens").Length;
            sum += rated.Total.Amount;
        }

        return characters > 0 ? sum : 0m;
    }

    private RatingInput Line(int line) => template with { Usage = Usage.Of(quantities[line % QuantityCount]) };
}
