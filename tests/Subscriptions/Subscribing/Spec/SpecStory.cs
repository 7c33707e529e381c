using System.Collections.Immutable;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;
using NodaTime.Text;

namespace Metering.Subscriptions.Tests.Subscribing.Spec;

/// <summary>
/// One subscription of 2026 in words: <c>MM-dd [@ MM-dd] verb ...</c>, decided on the first day and in effect on the second. Items are numbered
/// as they are made.
/// </summary>
internal sealed class SpecStory
{
    private static readonly Guid Feature = new("01900000-0000-7000-8000-0000000000f1");
    private static readonly Guid Addon = new("01900000-0000-7000-8000-0000000000a1");
    private int numbers;

    /// <param name="phases"><c>key duration: item amount, item amount</c>, separated by <c>|</c>; the last phase has no duration.</param>
    public SpecStory(string phases, string start = "01-01")
    {
        var from = Day(start);
        var built = ImmutableArray.CreateBuilder<SpecPhase>();
        foreach (var phase in phases.Split('|', StringSplitOptions.TrimEntries))
        {
            var (head, cards) = (phase.Split(':')[0].Split(' '), phase.Split(':')[1].Split(',', StringSplitOptions.TrimEntries));
            built.Add(new SpecPhase(
                Guid.CreateVersion7(), head[0], head[0], null, from,
                [.. cards.Where(card => card.Length > 0).Select(card => new SoldCard(Card(card.Split(' '))))]));
            from = head.Length > 1 ? new Rating.BillingCalendar(Rating.Cadence.Parse(head[1]), from, DateTimeZone.Utc).Boundary(1) : from;
        }

        Current = SubscriptionSpec.Begin(Day(start), "P1M", built.ToImmutable(), Day("01-01"), NewId);
    }

    /// <summary>Goes on from where another story stands.</summary>
    public SpecStory(SubscriptionSpec current)
    {
        Current = current;
        numbers = 1_000_000;
    }

    public SubscriptionSpec Current { get; private set; }

    /// <summary>Tells line by line, and answers the first refusal's code or nothing.</summary>
    public string? Tell(string lines) => lines.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => TellOne(line.Trim())).FirstOrDefault(code => code is not null);

    public static Instant Day(string day) => LocalDatePattern.Iso.Parse($"2026-{day}").Value.AtMidnight().InUtc().ToInstant();

    private string? TellOne(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var now = Day(words[0]);
        var scheduled = words[1] == "@";
        var at = scheduled ? Day(words[2]) : now;
        words = words[(scheduled ? 3 : 1)..];
        var outcome = words[0] switch
        {
            "unschedule" => Current.Apply(new SpecEdit(now, at, "UTC", []), unschedules: true, NewId),
            "addon" => Current.With(
                Current.Addons.FirstOrDefault() is { } had
                    ? had.WithQuantity(int.Parse(words[1]), at)
                    : new SpecAddon(Addon, words[2], [Card(words[3..])], [new AddonSegment(at, null, int.Parse(words[1]))]),
                now, NewId),
            _ => Current.Apply(new SpecEdit(now, at, "UTC", [ChangeOf(words)]), unschedules: false, NewId),
        };
        Current = outcome.Spec ?? Current;
        return outcome.Refusal?.Code;
    }

    private static SpecChange ChangeOf(string[] words) => words switch
    {
        ["add", var phase, .. var card] => new SpecChange.AddItem(phase, Card(card)),
        ["remove", var phase, var key] => new SpecChange.RemoveItem(phase, key),
        ["phase", var key, var startAfter, .. var duration] => new SpecChange.AddPhase(
            Guid.CreateVersion7(), key, key, null, startAfter == "-" ? null : startAfter, duration.FirstOrDefault()),
        ["drop", var phase, var shift] => new SpecChange.RemovePhase(phase, shift),
        ["stretch", var phase, var by] => new SpecChange.StretchPhase(phase, by),
        _ => throw new ArgumentException(string.Join(' ', words)),
    };

    /// <summary><c>key amount</c>, and <c>quota n</c> behind it for a metered entitlement of n units.</summary>
    private static BoundCard Card(string[] words)
    {
        var quota = words.Length > 3 && words[2] == "quota" ? decimal.Parse(words[3]) : (decimal?)null;
        return new BoundCard(
            new RateCardBody(
                "flat_fee", words[0], words[0], "P1M", new PriceBody("flat", decimal.Parse(words[1])), quota is null ? null : "feature",
                quota is null ? null : new EntitlementTemplateBody("metered", IssueAfterReset: quota)),
            quota is null ? null : Feature);
    }

    private Guid NewId() => new(++numbers, 0, 0x7000, new byte[8]);
}
