using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>OpenMeter's cases of edits within a period, where ours credits what was paid and not used.</summary>
public sealed class OpenMeterProrationCasesTest
{
    private static readonly Instant Start = Instant.FromUtc(2024, 1, 1, 0, 0);
    private static readonly ServicePeriod January = new(Start, Instant.FromUtc(2024, 2, 1, 0, 0));

    [Fact]
    public void F6_a_fee_replaced_after_forty_seconds_prorates_to_nothing_and_the_new_one_to_all()
    {
        var (old, rest) = January.SplitAt(Start + Duration.FromSeconds(40));
        Assert.Equal("0.00", Fee(5m, old, Proration.ByTime).Total.ToAmountString());
        Assert.Equal("10.00", Fee(10m, rest, Proration.ByTime).Total.ToAmountString());
    }

    [Fact]
    public void F7_without_proration_both_fees_are_billed_in_full()
    {
        var (old, rest) = January.SplitAt(Start + Duration.FromSeconds(40));
        Assert.Equal("5.00", Fee(5m, old, Proration.None).Total.ToAmountString());
        Assert.Equal("10.00", Fee(10m, rest, Proration.None).Total.ToAmountString());
    }

    [Fact]
    public void F8_differs_a_fee_that_was_issued_is_credited_instead_of_kept()
    {
        // Paid 6.00 for January; replaced after one day by 10.00. OpenMeter keeps the 6.00; ours keeps one day of it.
        var paid = Some.Input(new Price.Flat(6m, PaymentTerm.InAdvance), 0m) with { Line = LinePeriod.Whole(January) };
        var until = Start + Duration.FromDays(1);
        Assert.Equal("-5.81", Correction.UnusedInAdvance(paid, until).Total.ToAmountString());
        Assert.Equal("9.68", Fee(10m, January.SplitAt(until).From, Proration.ByTime).Total.ToAmountString());
    }

    [Fact]
    public void F12_a_usage_price_is_not_scaled_by_a_shortened_period()
    {
        var half = LinePeriod.Partly(January, new ServicePeriod(Start, Instant.FromUtc(2024, 1, 16, 0, 0)));
        Assert.Equal("70.00", Rater.Rate(Some.Input(new Price.PerUnit(10m), 7m) with { Line = half }).Total.ToAmountString());
    }

    [Fact]
    public void F13_more_seats_within_a_period_bill_the_difference()
    {
        // Five seats of one were paid; twenty are wanted for the rest. New fee +20, unused old fee −5.
        var paid = Some.Input(new Price.Flat(5m, PaymentTerm.InAdvance), 0m) with { Line = LinePeriod.Whole(January), Proration = Proration.ByTime };
        var moment = Start + Duration.FromNanoseconds(1_000);
        var total = Fee(20m, January.SplitAt(moment).From, Proration.ByTime).Total + Correction.UnusedInAdvance(paid, moment).Total;
        Assert.Equal("15.00", total.ToAmountString());
    }

    [Fact]
    public void E9_differs_a_period_need_not_begin_on_a_minute()
    {
        var odd = new ServicePeriod(Start + Duration.FromSeconds(1), Start + Duration.FromSeconds(61));
        Assert.Equal("3.00", Rater.Rate(Some.Input(new Price.PerUnit(1m), 3m) with { Line = LinePeriod.Whole(odd) }).Total.ToAmountString());
    }

    private static RatingResult Fee(decimal fee, ServicePeriod served, Proration policy) =>
        Rater.Rate(Some.Input(new Price.Flat(fee, PaymentTerm.InAdvance), 0m) with { Line = LinePeriod.Partly(January, served), Proration = policy });
}
