using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Metering.Platform.Http;

/// <summary>One page of a list, as OpenMeter shapes it.</summary>
public sealed record Page<T>(ImmutableArray<T> Items, long TotalCount, [property: JsonPropertyName("page")] int Number, int PageSize);
