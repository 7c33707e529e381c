using System.Collections.Immutable;

namespace Metering.Invoicing.Billing;

/// <summary>What a boundary bills: lines that fall due, and what was paid in advance for time that turns out to be another.</summary>
public sealed record BillingPlan(ImmutableArray<PlannedLine> Lines, ImmutableArray<PlannedCorrection> Corrections)
{
    public bool IsEmpty => Lines.IsEmpty && Corrections.IsEmpty;
}
