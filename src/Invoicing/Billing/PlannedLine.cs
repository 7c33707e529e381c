using Metering.Ingest.Usage;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>A line that falls due, before anybody has looked at usage.</summary>
/// <param name="Price">The rate card's price, known to exist.</param>
/// <param name="DueAt">When it became due: the start of the period for fees in advance, its end otherwise.</param>
public sealed record PlannedLine(BillablePhase Phase, BillableRateCard RateCard, Price Price, LinePeriod Period, Instant DueAt)
{
    /// <summary>Whether the amount depends on how much was used.</summary>
    public bool NeedsUsage => Price is not Price.Flat;

    /// <summary>Whether a fee is due in full although its period is served in part: the profile bills the last period whole.</summary>
    public bool DueInFull { get; init; }

    /// <summary>By which watermark what comes before the line in its served period was billed; null when nothing was.</summary>
    public Watermark? PriorWatermark { get; init; }

    /// <summary>Whether it is paid before it is served. A fee without a cadence is: it is due when its item begins.</summary>
    public bool IsInAdvance => RateCard.BillingCadence is null || Price is Price.Flat { Term: PaymentTerm.InAdvance };

    /// <summary>The version of the plan that priced what the subscription's own leaves unpriced; null when nothing was added.</summary>
    public int? SupplementedBy { get; init; }
}
