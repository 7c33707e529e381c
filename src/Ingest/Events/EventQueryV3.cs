using System.Globalization;
using Metering.Ingest.Filters;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// What the query string asks of a list of events in the way of OpenMeter's third API: <c>filter[subject][eq]=acme&amp;page[size]=20</c>. What is
/// not known is refused, because leaving it out would answer something else.
/// </summary>
internal sealed class EventQueryV3
{
    private const int DefaultSize = 100;
    private const int MaxSize = 100;

    public EventFilter Filter { get; private set; } = new();

    public int Size { get; private set; } = DefaultSize;

    public Cursor<Instant>? After { get; private set; }

    /// <returns>Null when everything could be read.</returns>
    public static FieldError? TryRead(IQueryCollection query, out EventQueryV3 read)
    {
        read = new EventQueryV3();
        foreach (var (name, values) in query)
        {
            if (read.Take(name, values.ToString()) is { } error)
            {
                return error;
            }
        }

        return read.Filter.Check().FirstOrDefault() is { } invalid ? invalid with { Pointer = "?filter" } : null;
    }

    private FieldError? Take(string name, string value)
    {
        switch (name.Split('[', ']'))
        {
            case ["page", "size", ""]:
                var isSize = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= MaxSize;
                Size = isSize ? size : DefaultSize;
                return isSize ? null : new FieldError($"?{name}", "out_of_range", $"The size is 1 to {MaxSize}.");
            case ["page", "after", ""]:
                var isCursor = Cursor<Instant>.TryParse(value, out var cursor);
                After = isCursor ? cursor : null;
                return isCursor ? null : new FieldError($"?{name}", "invalid_cursor", "Follow the next page of an answer as it is.");
            case ["sort"]:
                return value is "time" or "time desc"
                    ? null
                    : new FieldError("?sort", "not_supported", "Events are listed by time, latest first.");
            case ["filter", var field, ""]:
                return TakeFilter(name, field, "eq", value);
            case ["filter", var field, "", var comparison, ""]:
                return TakeFilter(name, field, comparison, value);
            default:
                return new FieldError($"?{name}", "not_supported", "The parameter is not known here.");
        }
    }

    private FieldError? TakeFilter(string name, string field, string comparison, string value)
    {
        var isTime = field is "time" or "ingested_at" or "stored_at";
        var text = isTime || field == "customer_id" ? null : TextOf(comparison, value);
        var time = isTime && InstantConverter.TryParse(value, out var instant) ? TimeOf(comparison, instant) : null;
        EventFilter? filter = field switch
        {
            "id" when text is not null => Filter with { Id = text },
            "source" when text is not null => Filter with { Source = text },
            "subject" when text is not null => Filter with { Subject = text },
            "type" when text is not null => Filter with { Type = text },
            "customer_id" when comparison is "eq" => Filter with { CustomerId = new IdFilter { In = [value] } },
            "customer_id" when comparison is "oeq" => Filter with { CustomerId = new IdFilter { In = value.Split(',') } },
            "time" when time is not null => Filter with { Time = Both(Filter.Time, time) },
            "ingested_at" or "stored_at" when time is not null => Filter with { IngestedAt = Both(Filter.IngestedAt, time) },
            _ => null,
        };
        Filter = filter ?? Filter;
        return filter is not null ? null
            : isTime ? new FieldError($"?{name}", "invalid_time", $"{InstantConverter.Expected} It is compared by eq, lt, lte, gt or gte.")
            : new FieldError($"?{name}", "not_supported", "The field or the comparison is not known here.");
    }

    private static TextFilter? TextOf(string comparison, string value) => comparison switch
    {
        "eq" => new TextFilter { Eq = value },
        "neq" => new TextFilter { Ne = value },
        "oeq" => new TextFilter { In = value.Split(',') },
        "contains" => Containing(value),
        "ocontains" => new TextFilter { Or = [.. value.Split(',').Select(Containing)] },
        "gt" => new TextFilter { Gt = value },
        "gte" => new TextFilter { Gte = value },
        "lt" => new TextFilter { Lt = value },
        "lte" => new TextFilter { Lte = value },
        _ => null,
    };

    private static TextFilter Containing(string text)
    {
        var literal = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal);
        return new TextFilter { Ilike = $"%{literal}%" };
    }

    private static TimeFilter? TimeOf(string comparison, Instant time) => comparison switch
    {
        "eq" => new TimeFilter { Gte = time, Lte = time },
        "gt" => new TimeFilter { Gt = time },
        "gte" => new TimeFilter { Gte = time },
        "lt" => new TimeFilter { Lt = time },
        "lte" => new TimeFilter { Lte = time },
        _ => null,
    };

    /// <summary>A span is asked for by two comparisons of one field.</summary>
    private static TimeFilter Both(TimeFilter? first, TimeFilter second) => first is null ? second : new TimeFilter { And = [first, second] };
}
