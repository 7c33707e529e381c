using System.Collections.Immutable;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>What a new subscription follows and is called, whether it is the first or comes after another.</summary>
internal sealed record SubscriptionTerms(
    PlanChoice? Plan,
    CustomPlanBody? CustomPlan,
    string? StartingPhase,
    Instant? BillingAnchor,
    string? Name,
    string? Description,
    ImmutableSortedDictionary<string, string>? Metadata,
    string? SettlementMode,
    string? CostBasisMode)
{
    public void Check(FieldErrors errors)
    {
        errors.AddIf(
            Plan is null == CustomPlan is null, Plan is null ? "/plan" : "/customPlan", Plan is null ? "required" : "not_allowed",
            "A subscription follows a plan or has a customPlan of its own, one of them.");
        if (Name is not null)
        {
            Texts.Name(Name, "/name", errors);
        }

        Texts.Description(Description, "/description", errors);
        Wire.Metadata.Check(Metadata, "/metadata", errors);
        errors.AddIf(StartingPhase is "", "/startingPhase", "out_of_range", "A phase is named by its key.");
        errors.AddIf(
            SettlementMode is not (null or "credit_then_invoice"), "/settlementMode", "not_supported",
            "The only settlement mode is credit_then_invoice.");
        errors.AddIf(CostBasisMode is not (null or "dynamic"), "/costBasisMode", "not_supported", "The only cost basis mode is dynamic.");
    }
}

/// <param name="Version">The version in force when absent.</param>
internal sealed record PlanChoice(string Key, int? Version = null);

/// <summary>A plan written for one subscription: a plan without a key.</summary>
internal sealed record CustomPlanBody(
    string Name,
    string Currency,
    string BillingCadence,
    ImmutableArray<PhaseBody> Phases,
    string? Description = null,
    ProRatingBody? ProRatingConfig = null,
    string? SettlementMode = null,
    AlignmentBody? Alignment = null,
    ImmutableSortedDictionary<string, string>? Metadata = null)
{
    public PlanBody ToPlan() => new(Name, "custom", Currency, BillingCadence, Phases, Description, ProRatingConfig, SettlementMode, Metadata);
}

/// <summary>OpenMeter deprecated it; it is read and changes nothing: items keep their own cadence.</summary>
internal sealed record AlignmentBody(bool? BillablesMustAlign = null);
