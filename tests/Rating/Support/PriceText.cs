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
            _ => throw new FormatException(text),
        };
    }

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
