using Metering.Subscriptions.Subscribing.Spec;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing.Spec;

/// <summary>What customisations make of a subscription, as timelines.</summary>
public sealed class SpecTests
{
    private const string TwoPhases = "trial P1M: fee 0 | paid: fee 10, support 5";

    [Fact]
    public void An_item_that_is_replaced_ends_where_its_successor_begins_and_the_others_keep_their_ids() => Check(TwoPhases, """
        02-10 add paid fee 20
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..02-10
          fee #4 20 02-10..
          support #3 5 02-01..
        """);

    [Fact]
    public void An_item_is_added_and_removed_now_or_later() => Check(TwoPhases, """
        02-10 @ 03-01 remove paid support
        02-12 add paid seats 7
        02-20 remove paid fee
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..02-20
          support #3 5 02-01..03-01
          seats #4 7 02-12..
        """);

    [Fact]
    public void A_phase_that_has_not_begun_is_changed_from_its_start() => Check(TwoPhases, """
        01-10 add paid fee 20
        01-10 remove paid support
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #4 20 02-01..
        """);

    [Fact]
    public void The_same_card_removed_and_added_at_one_instant_is_one_item() => Check(TwoPhases, """
        02-10 @ 03-01 remove paid support
        02-11 @ 03-01 add paid support 5
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..
          support #3 5 02-01..
        """);

    [Fact]
    public void What_has_ended_stays_ended_when_the_same_card_is_sold_again() => Check(TwoPhases, """
        02-10 remove paid support
        02-10 add paid support 5
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..
          support #3 5 02-01..02-10
          support #4 5 02-10..
        """);

    [Fact]
    public void Unscheduling_restores_what_was_before_and_leaves_what_has_taken_effect() => Check(TwoPhases, """
        02-10 add paid seats 7
        02-11 @ 03-01 remove paid support
        02-12 @ 03-05 add paid fee 99
        02-13 stretch trial P1M
        02-20 unschedule
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..
          support #3 5 02-01..
          seats #4 7 02-10..
        """, "phase_over");

    [Fact]
    public void A_stretched_phase_moves_those_after_it_and_their_items_keep_their_ids() => Check("a P1M: x 1 | b P14D: x 2 | c: x 3", """
        01-20 stretch a P1W
        """, """
        a 01-01..02-08
          x #1 1 01-01..02-08
        b 02-08..02-22
          x #2 2 02-08..02-22
        c 02-22..
          x #3 3 02-22..
        """);

    [Fact]
    public void A_phase_in_between_cuts_the_one_it_falls_into_and_moves_the_others() => Check("a P2M: x 1 | b: x 2", """
        01-20 phase pause P1M P1W
        """, """
        a 01-01..02-01
          x #1 1 01-01..02-01
        pause 02-01..02-08
        b 02-08..
          x #2 2 02-08..
        """);

    [Fact]
    public void A_phase_behind_the_last_one_is_open() => Check("a: x 1", """
        01-20 phase winter P6M
        01-21 add winter x 2
        """, """
        a 01-01..07-01
          x #1 1 01-01..07-01
        winter 07-01..
          x #2 2 07-01..
        """);

    [Theory]
    [InlineData("next", "a 01-01..02-01\n  x #1 1 01-01..02-01\nc 02-01..\n  x #3 3 02-01..")]
    [InlineData("prev", "a 01-01..02-15\n  x #1 1 01-01..02-15\nc 02-15..\n  x #3 3 02-15..")]
    public void A_removed_phase_gives_its_time_to_the_next_or_to_the_one_before(string shift, string expected) =>
        Check("a P1M: x 1 | b P14D: x 2 | c: x 3", $"01-20 drop b {shift}", expected);

    [Fact]
    public void An_entitlement_runs_on_through_a_change_of_price_and_a_new_one_comes_with_other_terms() => Check("a: calls 5 quota 100", """
        02-01 add a calls 6 quota 100
        03-01 add a calls 6 quota 200
        """, """
        a 01-01..
          calls #1 5 01-01..02-01 entitled by #1
          calls #2 6 02-01..03-01 entitled by #1
          calls #3 6 03-01.. entitled by #3
        """);

    [Fact]
    public void An_addon_adds_to_the_item_of_its_key_as_often_as_it_is_had() => Check("a: seats 10, fee 1", """
        01-10 addon 1 a seats 5
        01-20 addon 3
        02-01 addon 0
        """, """
        a 01-01..
          seats #1 10 01-01..01-10
          seats #3 15 01-10..01-20
          seats #4 25 01-20..02-01
          seats #5 10 02-01..
          fee #2 1 01-01..
        """);

    [Fact]
    public void An_addon_with_a_key_of_its_own_is_an_item_from_the_phase_on_in_which_it_can_be_had() => Check(TwoPhases, """
        01-10 addon 2 paid extra 5
        02-10 @ 03-01 addon 4
        02-11 addon 2
        """, """
        trial 01-01..02-01
          fee #1 0 01-01..02-01
        paid 02-01..
          fee #2 10 02-01..
          support #3 5 02-01..
          extra #4 10 02-01..
        """);

    [Theory]
    [InlineData("01-10 add nothing fee 1", "unknown_phase")]
    [InlineData("02-10 add trial fee 1", "phase_over")]
    [InlineData("02-10 remove paid nothing", "unknown_item")]
    [InlineData("02-10 @ 03-01 remove paid fee\n02-11 add paid fee 3", "change_scheduled")]
    [InlineData("02-10 @ 03-01 remove paid fee\n02-11 remove paid fee", "change_scheduled")]
    [InlineData("01-10 phase paid P2M", "duplicate")]
    [InlineData("01-10 phase late P2M P1M", "last_phase_not_open")]
    [InlineData("01-10 phase mid P20D", "required")]
    [InlineData("01-10 phase early P1D P1D", "time_in_the_past")]
    [InlineData("01-10 phase early - P1D", "time_in_the_past")]
    [InlineData("01-10 drop trial next", "phase_started")]
    [InlineData("01-10 drop nothing next", "unknown_phase")]
    [InlineData("02-10 stretch trial P1M", "phase_over")]
    [InlineData("01-10 @ 01-20 phase mid P20D P5D\n01-11 add mid x 1\n01-12 unschedule", "built_upon")]
    public void What_can_not_be_is_refused_and_changes_nothing(string lines, string code)
    {
        var story = new SpecStory(TwoPhases);
        Assert.Equal(code, story.Tell(lines));
    }

    [Fact]
    public void Before_it_starts_a_subscription_can_lose_its_first_phase() => Check("a P1M: x 1 | b: x 2", """
        01-10 drop a next
        """, """
        b 03-01..
          x #2 2 03-01..
        """, start: "03-01");

    private static void Check(string phases, string lines, string expected, string? refusal = null, string start = "01-01")
    {
        var story = new SpecStory(phases, start);
        var refused = lines.ReplaceLineEndings("\n").Split('\n').Select(story.Tell).Where(code => code is not null).ToList();
        Assert.Equal(expected.ReplaceLineEndings("\n"), SpecPrinter.Print(story.Current).ReplaceLineEndings("\n"));
        Assert.Equal(refusal is null ? [] : [refusal], refused);
        Assert.Equal(SpecPrinter.Print(story.Current), SpecPrinter.Print(SpecJson.Read(SpecJson.Write(story.Current))));
    }
}
