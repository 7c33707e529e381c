using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>What has been billed of one service period of one item, net of what was given back.</summary>
/// <param name="Full">The whole period of the item's cadence.</param>
/// <param name="Served">What of it is paid for; null when all was given back.</param>
/// <param name="IsInAdvance">Whether it was paid before it was served, so that something of it can be unused.</param>
/// <param name="Charges">The account so far, charge by charge.</param>
/// <param name="Amount">The sum of the charges; never below zero.</param>
public sealed record BilledService(
    Guid ItemId,
    ServicePeriod Full,
    ServicePeriod? Served,
    bool IsInAdvance,
    string Name,
    string PhaseKey,
    string RateCardKey,
    string? FeatureKey,
    string PriceJson,
    ImmutableArray<LineCharge> Charges,
    Money Amount)
{
    /// <summary>Somebody took it off its document or changed it there: nothing is given back or added by itself any more.</summary>
    public bool IsForgiven { get; init; }

    /// <summary>An item has one service period that begins at an instant.</summary>
    public (Guid ItemId, Instant From) Key => (ItemId, Full.Start);

    /// <summary>A line as it was rated first.</summary>
    public static BilledService Of(PlannedLine planned, InvoiceLine line) => new(
        planned.RateCard.ItemId, planned.Period.Full, planned.Period.Served, planned.IsInAdvance, line.Name, line.PhaseKey, line.RateCardKey,
        line.FeatureKey, line.PriceJson, line.Charges, line.Amount);
}
