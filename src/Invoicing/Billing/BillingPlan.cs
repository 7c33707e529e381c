using System.Collections.Immutable;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>What a boundary bills: lines that fall due, and what was paid in advance for time that turns out to be another.</summary>
public sealed record BillingPlan(ImmutableArray<PlannedLine> Lines, ImmutableArray<PlannedCorrection> Corrections)
{
    /// <summary>Usage that an invoice that was asked for in between has billed to the end: it is settled and makes no line.</summary>
    public ImmutableArray<PlannedLine> Covered { get; init; } = [];

    public bool IsEmpty => Lines.IsEmpty && Corrections.IsEmpty;

    /// <summary>Fees of periods that the end of the subscription cuts short are due in full, and nothing of them is given back.</summary>
    public BillingPlan DueInFullAt(Instant? end) => new(
        [.. Lines.Select(line => Whole(line, end)!)],
        [.. Corrections.Select(correction => correction with { Now = Whole(correction.Now, end) })]);

    private static PlannedLine? Whole(PlannedLine? line, Instant? end) =>
        line is null ? null : line with { DueInFull = line.Period.Served.End == end };
}
