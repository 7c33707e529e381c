using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>
/// A short cut for meters that read properties at the top of the data, and for events that write them plainly: the data is walked over once
/// and not parsed. Whatever is not plain, a string with escapes or a value that a meter can not read, is left to
/// <see cref="CompiledMeter.Read"/>, which alone says what it counts for.
/// </summary>
internal sealed class PlainMeters
{
    private readonly ImmutableArray<CompiledMeter> meters;
    private readonly ImmutableArray<byte[]> names;
    private readonly ImmutableArray<(int Value, ImmutableArray<int> Dimensions)> places;

    /// <summary>Values of dimensions are few, and come with every event.</summary>
    private readonly RecentTexts texts = new();

    private PlainMeters(
        ImmutableArray<CompiledMeter> meters, ImmutableArray<byte[]> names, ImmutableArray<(int Value, ImmutableArray<int> Dimensions)> places)
    {
        this.meters = meters;
        this.names = names;
        this.places = places;
    }

    /// <returns>Null when one of them reads more than that.</returns>
    public static PlainMeters? Of(ImmutableArray<CompiledMeter> meters)
    {
        var names = new List<string>();
        var places = ImmutableArray.CreateBuilder<(int Value, ImmutableArray<int> Dimensions)>(meters.Length);
        foreach (var meter in meters)
        {
            if (meter.PlainNames is not { } plain)
            {
                return null;
            }

            places.Add((plain.Value is { } value ? PlaceOf(value) : -1, [.. plain.Dimensions.Select(PlaceOf)]));
        }

        return new PlainMeters(meters, [.. names.Select(Encoding.UTF8.GetBytes)], places.ToImmutable());

        int PlaceOf(string name)
        {
            var place = names.IndexOf(name);
            if (place < 0)
            {
                names.Add(name);
                place = names.Count - 1;
            }

            return place;
        }
    }

    /// <returns>What the event counts for to each meter, null to one that starts later; or null when it has to be parsed.</returns>
    public MeterReading.Counted?[]? TryRead(Instant time, ReadOnlySpan<byte> data)
    {
        Span<Range> found = stackalloc Range[names.Length];
        if (!TryFind(data, found))
        {
            return null;
        }

        var readings = new MeterReading.Counted?[meters.Length];
        for (var i = 0; i < readings.Length; i++)
        {
            if (time < meters[i].Meter.EventFrom)
            {
                continue;
            }

            var value = 0m;
            if (places[i].Value >= 0 && !TryNumber(data[found[places[i].Value]], out value))
            {
                return null;
            }

            var dimensions = new string?[places[i].Dimensions.Length];
            for (var d = 0; d < dimensions.Length; d++)
            {
                if (!TryText(data[found[places[i].Dimensions[d]]], out dimensions[d]))
                {
                    return null;
                }
            }

            readings[i] = new MeterReading.Counted(value, null, ImmutableArray.Create(dimensions));
        }

        return readings;
    }

    /// <summary>Where the values stand; an empty range is a value that is absent. Of a name written twice the last one counts.</summary>
    private bool TryFind(ReadOnlySpan<byte> data, Span<Range> found)
    {
        found.Clear();
        var walk = new PlainData(data);
        while (walk.Read())
        {
            if (walk.NeedsParsing)
            {
                // An escaped name may be one of ours, and an escaped value has to be unescaped.
                return false;
            }

            for (var i = 0; i < names.Length; i++)
            {
                if (walk.Name.SequenceEqual(names[i]))
                {
                    data.Overlaps(walk.Value, out var offset);
                    found[i] = offset..(offset + walk.Value.Length);
                }
            }
        }

        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> written, out decimal value)
    {
        value = 0m;
        if (written.IsEmpty || !(char.IsAsciiDigit((char)written[0]) || written[0] == '-')
            || !decimal.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || Math.Abs(value) > EventValue.MaxNumber)
        {
            return false;
        }

        value = decimal.Round(value, EventValue.Decimals, MidpointRounding.AwayFromZero);
        return true;
    }

    private bool TryText(ReadOnlySpan<byte> written, out string? text)
    {
        text = null;
        if (written.IsEmpty || written.SequenceEqual("null"u8))
        {
            return true;
        }

        if (written.Length > EventValue.MaxTextLength || written[0] is (byte)'{' or (byte)'[')
        {
            return false;
        }

        text = texts.Of(written[0] == '"' ? written[1..^1] : written);
        return true;
    }
}
