using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>A meter with its paths parsed. The one place that says what an event counts for: writing, backfill and queries all ask here.</summary>
internal sealed class CompiledMeter
{
    /// <summary>What <c>numeric(28,12)</c> holds: 16 digits before the point.</summary>
    public const decimal MaxValue = 9_999_999_999_999_999m;

    public const int MaxTextLength = 512;
    private const int Decimals = 12;

    private readonly JsonPath? valuePath;
    private readonly ImmutableArray<JsonPath> dimensionPaths;

    public CompiledMeter(Meter meter)
    {
        Meter = meter;
        valuePath = meter.ValueProperty is { } path ? Parse(path) : null;
        dimensionPaths = [.. meter.GroupBy.Values.Select(Parse)];
        DimensionNames = [.. meter.GroupBy.Keys];
    }

    public Meter Meter { get; }

    public ImmutableArray<string> DimensionNames { get; }

    /// <param name="data">The event's data; undefined when it has none.</param>
    public MeterReading Read(Instant time, JsonElement data)
    {
        if (time < Meter.EventFrom)
        {
            return MeterReading.Ignored.Instance;
        }

        var value = 0m;
        Guid? distinctKey = null;
        if (Meter.Aggregation != Aggregation.Count)
        {
            if (valuePath is null || !valuePath.TryFind(data, out var found))
            {
                return Invalid("has no value at", Meter.ValueProperty!);
            }

            if (Meter.Aggregation == Aggregation.UniqueCount)
            {
                if (!TryText(found, out var text))
                {
                    return Invalid($"has no text of at most {MaxTextLength} characters at", Meter.ValueProperty!);
                }

                distinctKey = Digest.Of(text!);
            }
            else if (!TryNumber(found, out value))
            {
                return Invalid("has no finite number of at most 16 digits before the point at", Meter.ValueProperty!);
            }
        }

        var dimensions = new string?[dimensionPaths.Length];
        for (var i = 0; i < dimensions.Length; i++)
        {
            if (dimensionPaths[i].TryFind(data, out var found) && !TryText(found, out dimensions[i]))
            {
                return Invalid($"has no text, number or boolean of at most {MaxTextLength} characters at", Meter.GroupBy[DimensionNames[i]]);
            }
        }

        return new MeterReading.Counted(value, distinctKey, ImmutableArray.Create(dimensions));
    }

    private MeterReading.Invalid Invalid(string problem, string path) => new($"The event {problem} {path}, which meter {Meter.Slug} reads.")
    {
        Field = Parse(path).Pointer,
    };

    /// <summary>Numbers and numbers written as strings. More than 12 decimals are rounded: senders that add doubles send 17.</summary>
    private static bool TryNumber(JsonElement element, out decimal value)
    {
        value = 0m;
        var parsed = element.ValueKind switch
        {
            JsonValueKind.Number => decimal.TryParse(element.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            JsonValueKind.String => TryString(element, out var text)
                && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            _ => false,
        };
        if (!parsed || Math.Abs(value) > MaxValue)
        {
            return false;
        }

        value = decimal.Round(value, Decimals, MidpointRounding.AwayFromZero);
        return true;
    }

    private static bool TryText(JsonElement element, out string? text)
    {
        text = null;
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return TryString(element, out text) && text!.Length <= MaxTextLength && !text.Contains('\0', StringComparison.Ordinal);
            case JsonValueKind.Number:
                text = element.GetRawText();
                return text.Length <= MaxTextLength;
            case JsonValueKind.True:
                text = "true";
                return true;
            case JsonValueKind.False:
                text = "false";
                return true;
            default:
                return false;
        }
    }

    /// <summary>JSON allows an escaped half of a surrogate pair, which is no text.</summary>
    private static bool TryString(JsonElement element, out string? text)
    {
        try
        {
            text = element.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    private static JsonPath Parse(string path) =>
        JsonPath.TryParse(path) ?? throw new UnreachableException($"A meter was stored with the path {path}.");
}
