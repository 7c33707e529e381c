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

    /// <summary>Only what a meter of its type can not read, as the meters are now.</summary>
    public bool FailedOnly { get; private set; }

    public string Conditions => string.Concat(conditions.Select(condition => $" and {condition}"));

    public void WhereFailed()
    {
        FailedOnly = true;
        Where(_ => "e.validation_error is not null");
    }

    public void Where(Func<FilterSql, string> condition) => conditions.Add(condition(new FilterSql(Parameters, $"c{conditions.Count}_")));
}
