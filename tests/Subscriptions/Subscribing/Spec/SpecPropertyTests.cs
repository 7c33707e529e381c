using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing.Spec;

/// <summary>What holds for every sequence of customisations, refused ones among them.</summary>
public sealed class SpecPropertyTests
{
    private const string Phases = "a P1M: x 1, y 2 quota 10 | b P2M: x 3 | c: x 4, z 5";
    private static readonly string[] Verbs =
    [
        "add a x 7", "add b y 8 quota 10", "add c x 9", "add c w 1", "remove a x", "remove b x", "remove c z", "phase p P40D P10D", "phase q P9M",
        "drop b next", "drop b prev", "stretch a P1W", "stretch b P1M", "addon 1 b x 5", "addon 3 b x 5", "addon 0 b x 5",
    ];

    [Fact]
    public void Phases_and_items_leave_no_gap_and_no_overlap() => ForAll((_, after, _) =>
    {
        foreach (var (phase, next) in after.Phases.Zip(after.Phases.Skip(1)))
        {
            Assert.True(phase.From < next.From);
        }

        foreach (var phase in after.Phases)
        {
            foreach (var timeline in after.ItemsOf(phase).GroupBy(item => item.Key))
            {
                var items = timeline.OrderBy(item => item.From).ToList();
                Assert.All(items, item => Assert.True(phase.From <= item.From && (item.To is null || item.From < item.To)));
                Assert.All(items.Zip(items.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From));
                Assert.True(after.EndOf(phase) is not { } end || items[^1].To <= end);
            }
        }
    });

    [Fact]
    public void What_is_over_never_changes() => ForAll((before, after, now) =>
    {
        foreach (var item in before.Items.Where(item => item.From < now))
        {
            var same = Assert.Single(after.Items, one => one.Id == item.Id);
            Assert.Equal(item.From, same.From);
            Assert.Equal(item.Card, same.Card);
            Assert.True(item.To > now || item.To is null ? same.To is null || same.To >= now : same.To == item.To);
        }
    });

    [Fact]
    public void An_id_means_one_item_for_ever() => ForAll((before, after, _) =>
    {
        Assert.Equal(after.Items.Length, after.Items.Select(item => item.Id).Distinct().Count());
        foreach (var item in after.Items)
        {
            Assert.All(before.Items.Where(one => one.Id == item.Id), one => Assert.Equal(one.Card, item.Card));
        }
    });

    [Fact]
    public void Unscheduling_right_after_an_edit_was_scheduled_restores_the_spec() => ForAll((before, _, now) =>
    {
        var at = (now + Duration.FromDays(9)).InUtc().Date.ToString("MM-dd", CultureInfo.InvariantCulture);
        var today = now.InUtc().Date.ToString("MM-dd", CultureInfo.InvariantCulture);
        foreach (var verb in Verbs.Where(verb => !verb.StartsWith("addon", StringComparison.Ordinal)))
        {
            var story = new SpecStory(before);
            story.Tell($"{today} unschedule");
            var clean = SpecPrinter.Print(story.Current);
            if (story.Tell($"{today} @ {at} {verb}") is null)
            {
                Assert.Null(story.Tell($"{today} unschedule"));
                Assert.Equal(clean, SpecPrinter.Print(story.Current));
            }
        }
    });

    private static void ForAll(Action<SubscriptionSpec, SubscriptionSpec, Instant> law) =>
        Prop.ForAll<int[]>(steps =>
        {
            var story = new SpecStory(Phases);
            var day = 0;
            foreach (var step in steps.Select(Spread))
            {
                day += (int)(step / 16 % 12);
                if (day > 300)
                {
                    break;
                }

                var now = SpecStory.Day("01-01") + Duration.FromDays(day);
                var later = now + Duration.FromDays(step / 256 % 3 * 20);
                var before = story.Current;
                story.Tell($"{Text(now)} @ {Text(later)} {Verbs[step % 16]}");
                law(before, story.Current, now);
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(24));

    /// <summary>Generated numbers are small; their bits are to decide many things independently.</summary>
    private static uint Spread(int step)
    {
        var bits = unchecked((uint)step * 2_654_435_761u);
        return bits ^ (bits >> 15);
    }

    private static string Text(Instant instant) => instant.InUtc().Date.ToString("MM-dd", CultureInfo.InvariantCulture);
}
