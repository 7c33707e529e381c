using System.Text.Json.Serialization;
using Metering.Ingest.Filters;
using Metering.Platform.Problems;

namespace Metering.Ingest.Events;

/// <summary>What the events of a list have to fulfil, as OpenMeter writes it; what is absent is not asked.</summary>
internal sealed record EventFilter(
    TextFilter? Id = null,
    TextFilter? Source = null,
    TextFilter? Subject = null,
    TextFilter? Type = null,
    IdFilter? CustomerId = null,
    TimeFilter? Time = null,
    TimeFilter? IngestedAt = null)
{
    /// <summary>By column, which is also the name of the field.</summary>
    [JsonIgnore]
    public (string Column, TextFilter? Filter)[] Texts => [("id", Id), ("source", Source), ("subject", Subject), ("type", Type)];

    public IEnumerable<FieldError> Check() => Texts.SelectMany(text => text.Filter?.Check($"/{text.Column}") ?? [])
        .Concat(Time?.Check("/time") ?? [])
        .Concat(IngestedAt?.Check("/ingestedAt") ?? []);
}

/// <summary>Ids named one by one.</summary>
internal sealed record IdFilter
{
    [JsonPropertyName("$in")]
    public IReadOnlyList<string>? In { get; init; }
}
