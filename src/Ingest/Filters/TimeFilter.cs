using System.Text.Json.Serialization;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Filters;

/// <summary>A condition on a time, as OpenMeter writes it. Operators beside each other all have to hold.</summary>
internal sealed record TimeFilter
{
    private const int MaxDepth = 5;
    private const int MaxSize = 100;

    [JsonPropertyName("$gt")]
    public Instant? Gt { get; init; }

    [JsonPropertyName("$gte")]
    public Instant? Gte { get; init; }

    [JsonPropertyName("$lt")]
    public Instant? Lt { get; init; }

    [JsonPropertyName("$lte")]
    public Instant? Lte { get; init; }

    [JsonPropertyName("$and")]
    public IReadOnlyList<TimeFilter>? And { get; init; }

    [JsonPropertyName("$or")]
    public IReadOnlyList<TimeFilter>? Or { get; init; }

    /// <summary>No time before this one passes. A bound for reading, not the filter itself.</summary>
    [JsonIgnore]
    public Instant? Earliest => new[] { Gt, Gte }.Concat((And ?? []).Select(part => part.Earliest)).Max();

    /// <summary>No time after this one passes.</summary>
    [JsonIgnore]
    public Instant? Latest => new[] { Lt, Lte }.Concat((And ?? []).Select(part => part.Latest)).Min();

    public IEnumerable<FieldError> Check(string pointer) => Size > MaxSize
        ? [new FieldError(pointer, "too_many", $"A filter is made of at most {MaxSize} filters.")]
        : Check(pointer, depth: 1);

    private int Size => 1 + (And ?? []).Concat(Or ?? []).Sum(part => part?.Size ?? 0);

    private IEnumerable<FieldError> Check(string pointer, int depth)
    {
        if (depth > MaxDepth)
        {
            return [new FieldError(pointer, "too_deep", $"Filters stand in one another at most {MaxDepth} deep.")];
        }

        return this == new TimeFilter()
            ? [new FieldError(pointer, "required", "A filter has at least one operator.")]
            : CheckParts($"{pointer}/$and", And, depth).Concat(CheckParts($"{pointer}/$or", Or, depth));
    }

    private static IEnumerable<FieldError> CheckParts(string pointer, IReadOnlyList<TimeFilter>? parts, int depth) =>
        parts is { Count: 0 } || parts?.Contains(null!) == true
            ? [new FieldError(pointer, "invalid_value", "At least one filter, and each an object.")]
            : (parts ?? []).SelectMany((part, index) => part.Check($"{pointer}/{index}", depth + 1));
}
