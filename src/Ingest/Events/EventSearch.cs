using Dapper;
using Metering.Ingest.Filters;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>Which stored events are asked for, latest first.</summary>
/// <param name="From">Inclusive, by event time.</param>
/// <param name="To">Inclusive.</param>
/// <param name="After">Where the page before ended; null from the beginning.</param>
internal sealed record EventSearch(Instant From, Instant To, Cursor<Instant>? After, int Limit)
{
    private readonly List<string> conditions = [];

    public DynamicParameters Parameters { get; } = new();

    public string Conditions => string.Concat(conditions.Select(condition => $" and {condition}"));

    public void Where(Func<FilterSql, string> condition) => conditions.Add(condition(new FilterSql(Parameters, $"c{conditions.Count}_")));
}
