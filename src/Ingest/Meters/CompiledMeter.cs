using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Filters;
using Metering.Ingest.Llm;
using Metering.Ingest.Meters.Expressions;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>
/// A meter with its paths and its expression parsed. The one place that says what an event counts for: writing, backfill and queries all ask
/// here.
/// </summary>
internal sealed class CompiledMeter
{
    public const decimal MaxValue = EventValue.MaxNumber;

    private readonly JsonPath? valuePath;
    private readonly ValueExpression? valueExpression;
    private readonly ImmutableArray<JsonPath> dimensionPaths;
    private readonly ImmutableArray<(JsonPath Path, TextFilter Filter)> eventFilters;
    private readonly bool readsLlmUsage;

    public CompiledMeter(Meter meter)
    {
        Meter = meter;
        valuePath = meter.ValueProperty is { } path ? Parse(path) : null;
        valueExpression = meter.ValueExpression is { } text ? ParseExpression(text) : null;
        dimensionPaths = [.. meter.GroupBy.Values.Select(Parse)];
        eventFilters = [.. meter.EventFilters.Select(filter => (Parse(filter.Key), filter.Value))];
        DimensionNames = [.. meter.GroupBy.Keys];
        readsLlmUsage = meter.EventType == LlmEvent.Type
            && meter.GroupBy.Values.Concat(meter.EventFilters.Keys).Append(meter.ValueProperty).Append(meter.ValueExpression)
                .Any(text => text?.Contains(LlmEvent.Path, StringComparison.Ordinal) == true);
    }

    public Meter Meter { get; }

    public ImmutableArray<string> DimensionNames { get; }

    /// <summary>
    /// The properties at the top of the data that make up all the meter reads: of the number, unless it only counts, and of the dimensions. Null
    /// when it reads anything else.
    /// </summary>
    public (string? Value, ImmutableArray<string> Dimensions)? PlainNames
    {
        get
        {
            var counts = Meter.Aggregation == Aggregation.Count;
            var isPlain = valueExpression is null && eventFilters.IsEmpty && !readsLlmUsage
                && Meter.Aggregation is not (Aggregation.UniqueCount or Aggregation.WeightedSum)
                && (counts || valuePath?.PropertyName is not null) && dimensionPaths.All(path => path.PropertyName is not null);
            return isPlain ? (counts ? null : valuePath!.PropertyName, [.. dimensionPaths.Select(path => path.PropertyName!)]) : null;
        }
    }

    /// <param name="data">The event's data; undefined when it has none.</param>
    public MeterReading Read(Instant time, JsonElement data)
    {
        if (time < Meter.EventFrom)
        {
            return MeterReading.Ignored.Instance;
        }

        if (!readsLlmUsage)
        {
            return Read(data);
        }

        using var view = LlmEvent.TryView(data, out var problem);
        return view is null ? Invalid(problem!) : Read(view.RootElement);
    }

    private MeterReading Read(JsonElement data)
    {
        if (!PassesFilters(data))
        {
            return MeterReading.Ignored.Instance;
        }

        if (ReadValue(data, out var value, out var distinctKey) is { } invalid)
        {
            return invalid;
        }

        var dimensions = new string?[dimensionPaths.Length];
        for (var i = 0; i < dimensions.Length; i++)
        {
            if (dimensionPaths[i].TryFind(data, out var found) && !EventValue.TryText(found, out dimensions[i]))
            {
                return Invalid(
                    $"has no text, number or boolean of at most {EventValue.MaxTextLength} characters at {Meter.GroupBy[DimensionNames[i]]}",
                    dimensionPaths[i]);
            }
        }

        return new MeterReading.Counted(value, distinctKey, ImmutableArray.Create(dimensions));
    }

    /// <summary>What is no text, such as an object, is to a filter as if it were absent.</summary>
    private bool PassesFilters(JsonElement data)
    {
        foreach (var (path, filter) in eventFilters)
        {
            var text = path.TryFind(data, out var found) && EventValue.TryText(found, out var named) ? named : null;
            if (!filter.Matches(text))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>Null when the event has the value that the aggregation needs.</returns>
    private MeterReading.Invalid? ReadValue(JsonElement data, out decimal value, out Guid? distinctKey)
    {
        (value, distinctKey) = (0m, null);
        if (Meter.Aggregation == Aggregation.Count)
        {
            return null;
        }

        if (valueExpression is not null)
        {
            return valueExpression.TryEvaluate(data, out value, out var problem) ? null : Invalid(problem!);
        }

        if (valuePath is null || !valuePath.TryFind(data, out var found))
        {
            return Invalid($"has no value at {Meter.ValueProperty}", valuePath);
        }

        if (Meter.Aggregation == Aggregation.UniqueCount)
        {
            if (!EventValue.TryText(found, out var text))
            {
                return Invalid($"has no text of at most {EventValue.MaxTextLength} characters at {Meter.ValueProperty}", valuePath);
            }

            distinctKey = Digest.Of(text!);
            return null;
        }

        if (!EventValue.TryNumber(found, out value))
        {
            return Invalid($"has no finite number of at most 16 digits before the point at {Meter.ValueProperty}", valuePath);
        }

        // Senders that add doubles send 17 decimals.
        value = decimal.Round(value, EventValue.Decimals, MidpointRounding.AwayFromZero);
        return null;
    }

    private MeterReading.Invalid Invalid(string problem, JsonPath? path = null) =>
        new($"The event {problem}, which meter {Meter.Slug} reads.") { Field = path?.Pointer ?? "" };

    private static JsonPath Parse(string path) =>
        JsonPath.TryParse(path) ?? throw new UnreachableException($"A meter was stored with the path {path}.");

    private static ValueExpression ParseExpression(string text) => ValueExpression.TryParse(text, out var expression) is { } error
        ? throw new UnreachableException($"A meter was stored with the expression {text}: {error}")
        : expression!;
}
