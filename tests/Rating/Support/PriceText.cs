using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Metering.Rating.Tests;

/// <summary>Prices as the tests write them: <c>graduated up to 5: flat 100 | up to 15: 5 each | then flat 2 + 1 each</c>.</summary>
internal static partial class PriceText
{
    public static Price Parse(string text)
    {
        var (model, rest) = text.Split(' ', 2) is [var head, var tail] ? (head, tail) : throw new FormatException(text);
        return model switch
        {
            "unit" => new Price.PerUnit(Number(rest)),
            "package" => rest.Split(" for ") is [var size, var amount]
                ? new Price.Package(Number(amount), Number(size))
                : throw new FormatException(text),
            "flat" => rest.Split(' ', 2) is [var amount, var term]
                ? new Price.Flat(Number(amount), term == "in advance" ? PaymentTerm.InAdvance : PaymentTerm.InArrears)
                : throw new FormatException(text),
            "graduated" => new Price.Graduated(Tiers(rest)),
            "volume" => new Price.Volume(Tiers(rest)),
            "overage" => rest.Split(" then ", 2) is [var included, var beyond]
                ? new Price.Overage(Number(included), Parse(beyond))
                : throw new FormatException(text),
            "percentage" => PercentageOf(rest),
            "percentages" => new Price.GraduatedPercentage(
                [.. Tiers(rest.Replace(" %", " each", StringComparison.Ordinal)).Select(t => new PercentageTier(t.UpTo, t.FlatAmount,
                    t.UnitAmount))]),
            "dynamic" => rest.Split(' ') is [var multiplier, .. var markups]
                ? new Price.Dynamic(Number(multiplier), Named(markups, "markup") ?? 0m, Named(markups, "each") ?? 0m)
                : throw new FormatException(text),
            _ => throw new FormatException(text),
        };
    }

    /// <summary><c>1.3 fixed 2 free 3 upto 250 min 1 max 12</c>, each but the rate optional.</summary>
    private static Price.Percentage PercentageOf(string text)
    {
        var words = text.Split(' ');
        return new Price.Percentage(
            Number(words[0]),
            Named(words, "fixed") ?? 0m,
            (int)(Named(words, "free") ?? 0m),
            Named(words, "upto") ?? 0m,
            Named(words, "min"),
            Named(words, "max"));
    }

    private static decimal? Named(string[] words, string name) =>
        Array.IndexOf(words, name) is >= 0 and var place ? Number(words[place + 1]) : null;

    public static ImmutableArray<PriceTier> Tiers(string text) => [.. text.Split('|').Select(tier => Tier(tier.Trim()))];

    private static PriceTier Tier(string text)
    {
        var match = TierPattern().Match(text);
        Assert.True(match.Success, $"'{text}' is not a tier.");
        return new PriceTier(Optional(match.Groups["bound"]), Optional(match.Groups["flat"]) ?? 0m, Optional(match.Groups["unit"]) ?? 0m);
    }

    private static decimal? Optional(Group group) => group.Success ? Number(group.Value) : null;

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(up to (?<bound>\S+):|then)( flat (?<flat>[\d.]+))?( \+)?( (?<unit>[\d.]+) each)?$")]
    private static partial Regex TierPattern();
}
