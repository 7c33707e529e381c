using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Metering.Ingest.Events;
using Metering.Ingest.Filters;
using Metering.Ingest.Meters.Expressions;
using Metering.Ingest.Usage;
using Metering.Platform.Problems;

namespace Metering.Ingest.Meters;

/// <summary>What a meter's definition has to keep to.</summary>
internal static partial class MeterRules
{
    public const int MaxSlugLength = 64;
    public const int MaxNameLength = 256;
    public const int MaxDescriptionLength = 1_024;
    public const int MaxDimensions = 20;
    public const int MaxMetadata = 50;
    public const int MaxMetadataLength = 500;
    public const int MaxEventFilters = 20;

    public static IEnumerable<FieldError> Check(CreateMeterRequest request)
    {
        if (request.Slug.Length is 0 or > MaxSlugLength || !Slug().IsMatch(request.Slug))
        {
            yield return new FieldError("/slug", "invalid_format", "A slug has 1 to 64 lower-case letters, digits and single underscores.");
        }

        if (!AggregationCode.ByCode.TryGetValue(request.Aggregation, out var aggregation))
        {
            var known = string.Join(", ", AggregationCode.ByCode.Keys);
            yield return new FieldError("/aggregation", "unknown_value", $"An aggregation is one of {known}.");
        }
        else if (aggregation != Aggregation.Count && request.ValueProperty is null && request.ValueExpression is null)
        {
            yield return new FieldError("/valueProperty", "required", "Every aggregation but COUNT reads a value.");
        }
        else if (CheckExpression(request, aggregation) is { } mistaken)
        {
            yield return mistaken;
        }

        if (request.EventType.Length is 0 or > EventLimits.MaxTypeLength)
        {
            yield return new FieldError("/eventType", "invalid_length", $"An event type has 1 to {EventLimits.MaxTypeLength} characters.");
        }

        if (request.ValueProperty is { } path && JsonPath.TryParse(path) is null)
        {
            yield return new FieldError("/valueProperty", "invalid_path", PathMessage);
        }

        foreach (var error in CheckFilters(request.EventFilters ?? [])
            .Concat(Check(request.Name, request.Description, request.GroupBy, request.Metadata)))
        {
            yield return error;
        }
    }

    private static FieldError? CheckExpression(CreateMeterRequest request, Aggregation aggregation)
    {
        const string Pointer = "/valueExpression";
        if (request.ValueExpression is not { } text)
        {
            return null;
        }

        if (aggregation is Aggregation.Count or Aggregation.UniqueCount)
        {
            return new FieldError(Pointer, "not_applicable", "An expression computes a number; COUNT needs none and UNIQUE_COUNT reads a text.");
        }

        if (request.ValueProperty is not null)
        {
            return new FieldError(Pointer, "not_applicable", "A meter reads a value property or computes an expression, not both.");
        }

        return ValueExpression.TryParse(text, out _) is { } problem ? new FieldError(Pointer, "invalid_expression", problem) : null;
    }

    private static IEnumerable<FieldError> CheckFilters(Dictionary<string, TextFilter> filters)
    {
        if (filters.Count > MaxEventFilters)
        {
            yield return new FieldError("/eventFilters", "too_many", $"A meter has at most {MaxEventFilters} filters.");
        }

        foreach (var (path, filter) in filters)
        {
            var pointer = $"/eventFilters/{JsonPointer.Escape(path)}";
            if (JsonPath.TryParse(path) is null)
            {
                yield return new FieldError(pointer, "invalid_path", PathMessage);
            }

            foreach (var error in filter?.Check(pointer) ?? [new FieldError(pointer, "required", "A filter is an object.")])
            {
                yield return error;
            }
        }
    }

    public static IEnumerable<FieldError> Check(
        string? name, string? description, IReadOnlyDictionary<string, string>? groupBy, IReadOnlyDictionary<string, string>? metadata)
    {
        if (name is { Length: 0 or > MaxNameLength })
        {
            yield return new FieldError("/name", "invalid_length", $"A name has 1 to {MaxNameLength} characters.");
        }

        if (description is { Length: > MaxDescriptionLength })
        {
            yield return new FieldError("/description", "too_long", $"A description has at most {MaxDescriptionLength} characters.");
        }

        if (groupBy is { Count: > MaxDimensions })
        {
            yield return new FieldError("/groupBy", "too_many", $"A meter has at most {MaxDimensions} dimensions.");
        }

        foreach (var (dimension, path) in groupBy ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            var pointer = $"/groupBy/{JsonPointer.Escape(dimension)}";
            if (!Dimension().IsMatch(dimension))
            {
                yield return new FieldError(pointer, "invalid_format", "A dimension name has 1 to 64 letters, digits and underscores.");
            }
            else if (dimension is UsageReader.SubjectDimension or UsageReader.CustomerDimension)
            {
                yield return new FieldError(pointer, "reserved", "The name is reserved.");
            }

            if (path is null || JsonPath.TryParse(path) is null)
            {
                yield return new FieldError(pointer, "invalid_path", PathMessage);
            }
        }

        if (metadata is { Count: > MaxMetadata }
            || metadata?.Any(item => item.Value is null || item.Key.Length + item.Value.Length > MaxMetadataLength) == true)
        {
            yield return new FieldError("/metadata", "too_long", $"Metadata has at most {MaxMetadata} entries of {MaxMetadataLength} characters.");
        }
    }

    private const string PathMessage = "A path names one value of the event's data, such as $.usage.total_tokens.";

    [GeneratedRegex("^[a-z0-9]+(?:_[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Slug();

    [GeneratedRegex("^[a-zA-Z0-9_]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Dimension();
}
