using System.Text.Json;
using Metering.Ingest.Filters;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>A meter query as it is posted, or read from the query string.</summary>
/// <param name="ClientId">OpenMeter's clients send one to follow a query's progress; an answer here does not take that long.</param>
/// <param name="Watermark">Additive: a batch number from an earlier answer, or <c>current</c> to be told one.</param>
/// <param name="AsRecordedAt">Additive: only what had been recorded before this time, at the latest now. The answer tells its watermark.</param>
internal sealed record QueryMeterRequest(
    Instant? From = null,
    Instant? To = null,
    string? WindowSize = null,
    string? WindowTimeZone = null,
    string[]? Subject = null,
    string[]? GroupBy = null,
    Dictionary<string, string[]>? FilterGroupBy = null,
    string? ClientId = null,
    string? Watermark = null,
    string[]? FilterCustomerId = null,
    Dictionary<string, TextFilter>? AdvancedMeterGroupByFilters = null,
    Instant? AsRecordedAt = null)
{
    public const string CurrentWatermark = "current";

    private const string FilterPrefix = "filterGroupBy[";

    /// <returns>Null when every parameter could be read. A parameter that would change the answer and is not known is not ignored.</returns>
    public static FieldError? TryRead(IQueryCollection query, out QueryMeterRequest request)
    {
        request = new QueryMeterRequest();
        foreach (var (name, values) in query)
        {
            var value = values.ToString();
            switch (name)
            {
                case "from" or "to" or "asRecordedAt":
                    if (!InstantConverter.TryParse(value, out var instant))
                    {
                        return new FieldError($"?{name}", "invalid_time", InstantConverter.Expected);
                    }

                    request = name switch
                    {
                        "from" => request with { From = instant },
                        "to" => request with { To = instant },
                        _ => request with { AsRecordedAt = instant },
                    };
                    break;
                case "windowSize":
                    request = request with { WindowSize = value };
                    break;
                case "windowTimeZone":
                    request = request with { WindowTimeZone = value };
                    break;
                case "subject":
                    request = request with { Subject = [.. values.OfType<string>()] };
                    break;
                case "groupBy":
                    request = request with { GroupBy = [.. values.OfType<string>()] };
                    break;
                case "filterCustomerId":
                    request = request with { FilterCustomerId = [.. values.OfType<string>()] };
                    break;
                case "advancedMeterGroupByFilters":
                    if (TryReadFilters(value, out var filters) is { } error)
                    {
                        return error;
                    }

                    request = request with { AdvancedMeterGroupByFilters = filters };
                    break;
                case "clientId":
                    request = request with { ClientId = value };
                    break;
                case "watermark":
                    request = request with { Watermark = value };
                    break;
                default:
                    if (!name.StartsWith(FilterPrefix, StringComparison.Ordinal) || name[^1] != ']')
                    {
                        return new FieldError($"?{name}", "not_supported", "The parameter is not known here.");
                    }

                    request = request with { FilterGroupBy = request.FilterGroupBy ?? [] };
                    request.FilterGroupBy[name[FilterPrefix.Length..^1]] = [.. values.OfType<string>()];
                    break;
            }
        }

        return null;
    }

    /// <summary>In a query string the filters are one JSON text.</summary>
    private static FieldError? TryReadFilters(string text, out Dictionary<string, TextFilter>? filters)
    {
        filters = null;
        try
        {
            filters = JsonSerializer.Deserialize<Dictionary<string, TextFilter>>(text, MeteringJson.Options);
        }
        catch (JsonException)
        {
            // Null means the same.
        }

        return filters is null
            ? new FieldError("?advancedMeterGroupByFilters", "invalid_json", "Send JSON such as {\"model\":{\"$like\":\"gpt%\"}}.")
            : null;
    }
}
