using System.Collections.Immutable;
using System.Globalization;
using Metering.Ingest.Filters;
using Metering.Ingest.Meters;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>Makes a query of a request, or says which fields do not fit the meter.</summary>
internal static class UsageQueryRules
{
    private const int MaxValues = 100;
    private const int MaxClientIdLength = 36;

    /// <param name="place">Prefix of a field's pointer: <c>?</c> or <c>/</c>.</param>
    public static IReadOnlyList<FieldError> TryCreate(Meter meter, QueryMeterRequest request, string place, out UsageQuery query)
    {
        var errors = new List<FieldError>();
        query = new UsageQuery(meter.Slug, request.From, request.To);
        if (request.From >= request.To)
        {
            errors.Add(new FieldError($"{place}to", "out_of_range", "The end lies after the start."));
        }

        if (request.WindowSize is not null)
        {
            query = query with { Window = WindowOf(request.WindowSize) };
            if (query.Window is null)
            {
                errors.Add(new FieldError($"{place}windowSize", "unknown_value", "A window is a MINUTE, HOUR, DAY or MONTH."));
            }
        }

        if (request.WindowTimeZone is { } zoneName)
        {
            if (DateTimeZoneProviders.Tzdb.GetZoneOrNull(zoneName) is { } zone)
            {
                query = query with { Zone = zone };
            }
            else
            {
                errors.Add(new FieldError($"{place}windowTimeZone", "unknown_value", "The zone is not in the IANA time zone database."));
            }
        }

        if (request.Watermark is not (null or QueryMeterRequest.CurrentWatermark))
        {
            if (long.TryParse(request.Watermark, NumberStyles.None, CultureInfo.InvariantCulture, out var batch)
                && batch <= Watermark.Latest)
            {
                query = query with { AsRecordedBy = new Watermark(batch) };
            }
            else
            {
                errors.Add(new FieldError($"{place}watermark", "invalid_format", "A watermark is a batch number, or 'current'."));
            }
        }

        if (request is { Watermark: not null, AsRecordedAt: not null })
        {
            errors.Add(new FieldError($"{place}asRecordedAt", "not_together", "Ask for a watermark or for a time of recording, not for both."));
        }

        errors.AddRange(CheckNames(meter, request, place));
        query = WithFilters(request, query with
        {
            Subjects = [.. request.Subject ?? []],
            GroupBy = [.. (request.GroupBy ?? []).Distinct(StringComparer.Ordinal)],
        });
        return errors;
    }

    /// <summary>A condition that only names texts is asked of the database, which has fewer rows to answer then.</summary>
    private static UsageQuery WithFilters(QueryMeterRequest request, UsageQuery query)
    {
        var exact = (request.FilterGroupBy ?? []).ToImmutableSortedDictionary(
            filter => filter.Key, filter => filter.Value?.ToImmutableArray() ?? [], StringComparer.Ordinal).ToBuilder();
        var conditions = ImmutableSortedDictionary.CreateBuilder<string, TextFilter>(StringComparer.Ordinal);
        foreach (var (name, filter) in request.AdvancedMeterGroupByFilters ?? [])
        {
            if (filter?.Exactly is { } accepted && !exact.ContainsKey(name))
            {
                exact.Add(name, [.. accepted]);
            }
            else if (filter is not null)
            {
                conditions.Add(name, filter);
            }
        }

        return query with { Filters = exact.ToImmutable(), TextFilters = conditions.ToImmutable() };
    }

    private static IEnumerable<FieldError> CheckNames(Meter meter, QueryMeterRequest request, string place)
    {
        if (request.ClientId is { Length: 0 or > MaxClientIdLength })
        {
            yield return new FieldError($"{place}clientId", "invalid_length", $"A client id has 1 to {MaxClientIdLength} characters.");
        }

        if (request.Subject is { Length: > MaxValues })
        {
            yield return new FieldError($"{place}subject", "too_many", $"At most {MaxValues} subjects are named.");
        }

        foreach (var (name, index) in (request.GroupBy ?? []).Select((name, index) => (name, index)))
        {
            if (name is not (UsageReader.SubjectDimension or UsageReader.CustomerDimension) && (name is null || !meter.GroupBy.ContainsKey(name)))
            {
                var pointer = place == "/" ? $"/groupBy/{index}" : "?groupBy";
                yield return new FieldError(pointer, "unknown_value", $"The meter has no dimension '{name}'.");
            }
        }

        foreach (var (name, values) in request.FilterGroupBy ?? [])
        {
            var pointer = place == "/" ? $"/filterGroupBy/{JsonPointer.Escape(name)}" : $"?filterGroupBy[{name}]";
            if (!meter.GroupBy.ContainsKey(name))
            {
                yield return new FieldError(pointer, "unknown_value", $"The meter has no dimension '{name}'.");
            }

            if (values is null or { Length: 0 or > MaxValues }
                || values.Any(value => value is null || value.Contains('\0', StringComparison.Ordinal)))
            {
                yield return new FieldError(pointer, "invalid_value", $"A filter names 1 to {MaxValues} values.");
            }
        }

        foreach (var error in CheckConditions(meter, request.AdvancedMeterGroupByFilters ?? [], place))
        {
            yield return error;
        }

        if (request.Subject?.Any(subject => subject is null || subject.Contains('\0', StringComparison.Ordinal)) == true)
        {
            yield return new FieldError($"{place}subject", "invalid_value", "A subject is text.");
        }
    }

    private static IEnumerable<FieldError> CheckConditions(Meter meter, Dictionary<string, TextFilter> filters, string place)
    {
        foreach (var (name, filter) in filters)
        {
            var pointer = $"{place}advancedMeterGroupByFilters" + (place == "/" ? $"/{JsonPointer.Escape(name)}" : "");
            if (!meter.GroupBy.ContainsKey(name))
            {
                yield return new FieldError(pointer, "unknown_value", $"The meter has no dimension '{name}'.");
            }

            foreach (var error in filter?.Check(pointer) ?? [new FieldError(pointer, "required", "A filter is an object.")])
            {
                yield return place == "/" ? error : error with { Pointer = pointer };
            }
        }
    }

    private static UsageWindow? WindowOf(string text) => text switch
    {
        "MINUTE" => UsageWindow.Minute,
        "HOUR" => UsageWindow.Hour,
        "DAY" => UsageWindow.Day,
        "MONTH" => UsageWindow.Month,
        _ => null,
    };
}
