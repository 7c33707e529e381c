using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Ingest.Filters;
using Metering.Ingest.Meters;
using Metering.Platform.Problems;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Features;

/// <summary>What creates a feature.</summary>
/// <param name="MeterGroupByFilters">Dimension name → its value. OpenMeter's older way to write filters; one of the two is given.</param>
/// <param name="AdvancedMeterGroupByFilters">Dimension name → a condition on its value: only such usage of the meter is the feature's.</param>
/// <param name="UnitCost">What one unit costs the seller.</param>
/// <param name="Overlap">Additive: what happens when two subscriptions entitle to it at a time: sum, which is the default, or refuse.</param>
internal sealed record FeatureBody(
    string Key,
    string Name,
    string? MeterSlug = null,
    ImmutableSortedDictionary<string, string>? MeterGroupByFilters = null,
    ImmutableSortedDictionary<string, TextFilter>? AdvancedMeterGroupByFilters = null,
    UnitCost? UnitCost = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    string? Overlap = null)
{
    private const int MaxFilters = 20;

    /// <summary>Both ways to write them in one.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, TextFilter> Filters => AdvancedMeterGroupByFilters
        ?? (MeterGroupByFilters ?? ImmutableSortedDictionary<string, string>.Empty)
            .ToImmutableSortedDictionary(one => one.Key, one => new TextFilter { Eq = one.Value });

    /// <param name="meter">The one that the body names; null when it names none or none that is there.</param>
    public FieldErrors Check(Meter? meter)
    {
        var errors = new FieldErrors();
        Texts.Key(Key, "/key", errors);
        Texts.Name(Name, "/name", errors);
        Wire.Metadata.Check(Metadata, "/metadata", errors);
        errors.AddIf(MeterSlug is not null && meter?.Slug != MeterSlug, "/meterSlug", "unknown_meter", "There is no meter with this slug.");
        errors.AddIf(
            Overlap is not (null or "sum" or "refuse"), "/overlap", "unknown_overlap",
            "What overlapping subscriptions entitle to is the sum, or they refuse each other: sum or refuse.");
        CheckFilters(meter, errors);
        CheckUnitCost(errors);
        return errors;
    }

    private void CheckFilters(Meter? meter, FieldErrors errors)
    {
        var field = AdvancedMeterGroupByFilters is null ? "/meterGroupByFilters" : "/advancedMeterGroupByFilters";
        if (MeterGroupByFilters is not null && AdvancedMeterGroupByFilters is not null)
        {
            errors.Add("/meterGroupByFilters", "one_of", "Filters are written in one of the two ways.");
            return;
        }

        errors.AddIf(Filters.Count > MaxFilters, field, "too_many", $"At most {MaxFilters} filters.");
        errors.AddIf(Filters.Count > 0 && MeterSlug is null, field, "feature_without_meter", "Only the usage of a meter can be filtered.");
        foreach (var (name, filter) in Filters.Take(MaxFilters))
        {
            var pointer = $"{field}/{JsonPointer.Escape(name)}";
            errors.AddIf(
                meter is not null && !meter.GroupBy.ContainsKey(name), pointer, "unknown_value", $"The meter has no dimension '{name}'.");
            if (filter is null || (AdvancedMeterGroupByFilters is null && filter.Eq is null))
            {
                errors.Add(pointer, "required", "The filter is required and is not null.");
                continue;
            }

            foreach (var error in filter.Check(pointer))
            {
                errors.Add(error.Pointer, error.Code, error.Message);
            }
        }
    }

    private void CheckUnitCost(FieldErrors errors)
    {
        if (UnitCost is null)
        {
            return;
        }

        errors.AddIf(
            UnitCost.Type != Features.UnitCost.Manual, "/unitCost/type", "not_supported", "A unit cost is manual: an amount that you state.");
        errors.AddIf(UnitCost.Type == Features.UnitCost.Manual && UnitCost.Amount is null, "/unitCost/amount", "required", "The amount is required.");
        errors.AddIf(UnitCost.Amount < 0m, "/unitCost/amount", "negative", "Nothing costs less than nothing.");
    }
}
