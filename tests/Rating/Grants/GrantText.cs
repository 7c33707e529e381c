using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>Burn-downs as the tests write them; time is counted from 1 January 2024, so <c>d1-s1</c> is a second before the second day.</summary>
/// <remarks>
/// <code>
/// grants   100 p2 from d1 to d30 void h1 every P1W@d3 roll 0..50 made d2 | 100     named g1, g2 by their place
/// usage    50@h1 20@h2..h3                                                   one second from an instant, or a stretch
/// resets   d5 forgiven | d6 preserved
/// </code>
/// </remarks>
internal static class GrantText
{
    public static Instant Origin { get; } = Instant.FromUtc(2024, 1, 1, 0, 0);

    public static ImmutableArray<Grant> Grants(string text) =>
        text == "-" ? [] : [.. text.Split(" | ").Select((grant, index) => Grant(grant, $"g{index + 1}"))];

    public static ImmutableArray<UsageSegment> Usage(string text) =>
        text == "-" ? [] : [.. text.Split(' ').Select(Segment)];

    public static ImmutableArray<GrantReset> Resets(string text) =>
        text == "-" ? [] : [.. text.Split(" | ").Select(reset => new GrantReset(At(reset.Split(' ')[0]), Overage(reset.Split(' ')[1])))];

    public static OverageAtReset Overage(string text) => text switch
    {
        "forgiven" => OverageAtReset.Forgiven,
        "preserved" => OverageAtReset.Preserved,
        _ => throw new FormatException($"'{text}' is not forgiven or preserved."),
    };

    /// <summary>The balances of the grants g1, g2 and so on; a point for one that is not in force.</summary>
    public static string Balances(ImmutableArray<Grant> grants, GrantSnapshot snapshot)
    {
        var held = snapshot.Balances.ToDictionary(balance => balance.GrantId, balance => AmountText.Quantity(balance.Balance));
        return grants.IsEmpty ? "-" : string.Join(' ', grants.Select(grant => held.GetValueOrDefault(grant.Id, ".")));
    }

    /// <summary>An instant: units with their counts, added or taken one after the other, from the origin.</summary>
    public static Instant At(string text)
    {
        var (at, i) = (Origin, 0);
        while (i < text.Length)
        {
            var sign = text[i] == '-' ? -1 : 1;
            i += text[i] is '-' or '+' ? 1 : 0;
            var end = i + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            at += OneOf(text[i]) * (sign * long.Parse(text[(i + 1)..end], CultureInfo.InvariantCulture));
            i = end;
        }

        return at;
    }

    private static Grant Grant(string text, string id)
    {
        var words = text.Split(' ');
        var grant = new Grant { Id = id, Amount = Number(words[0]), EffectiveAt = Origin, CreatedAt = Origin, MaxRollover = 1_000_000m };
        for (var i = 1; i < words.Length; i++)
        {
            grant = words[i] switch
            {
                ['p', .. var priority] => grant with { Priority = int.Parse(priority, CultureInfo.InvariantCulture) },
                "from" => grant with { EffectiveAt = At(words[++i]) },
                "to" => grant with { ExpiresAt = At(words[++i]) },
                "void" => grant with { VoidedAt = At(words[++i]) },
                "made" => grant with { CreatedAt = At(words[++i]) },
                "every" when words[++i].Split('@') is [var cadence, var anchor] => grant with
                {
                    Recurrence = new BillingCalendar(Cadence.Parse(cadence), At(anchor), DateTimeZone.Utc),
                },
                "roll" when words[++i].Split("..") is [var min, var max] => grant with { MinRollover = Number(min), MaxRollover = Number(max) },
                var word => throw new FormatException($"'{word}' is not a part of a grant."),
            };
        }

        return grant;
    }

    private static UsageSegment Segment(string text)
    {
        var (quantity, when) = text.Split('@') is [var before, var after] ? (Number(before), after) : throw new FormatException(text);
        var period = when.Split("..") is [var start, var end]
            ? new ServicePeriod(At(start), At(end))
            : new ServicePeriod(At(when), At(when) + Duration.FromSeconds(1));
        return new UsageSegment(period, quantity);
    }

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static Duration OneOf(char unit) => unit switch
    {
        'd' => Duration.FromDays(1),
        'h' => Duration.FromHours(1),
        'm' => Duration.FromMinutes(1),
        's' => Duration.FromSeconds(1),
        'u' => Duration.FromNanoseconds(1000),
        _ => throw new FormatException($"'{unit}' is not a unit of time."),
    };
}
