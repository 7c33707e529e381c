using System.Collections.Immutable;

namespace Metering.Host.EventsImport;

/// <summary>What became of the rows of an import.</summary>
/// <param name="NotCounted">Of the accepted ones, those that no meter counts because a value can not be read.</param>
/// <param name="Queued">Safe with the broker; what becomes of each is not known yet.</param>
/// <param name="Problems">The first problems, for a person to read.</param>
public sealed record ImportSummary(
    long Accepted, long Duplicate, long Conflict, long Rejected, long NotCounted, long Queued, ImmutableArray<string> Problems)
{
    private const int MaxProblems = 10;

    public static ImportSummary Empty { get; } = new(0, 0, 0, 0, 0, 0, []);

    /// <summary>Nobody's usage.</summary>
    public long Skipped { get; init; }

    public long Rows => Accepted + Duplicate + Conflict + Rejected + Queued;

    internal ImportSummary Reject(string problem) => With(problem) with { Rejected = Rejected + 1 };

    internal ImportSummary With(string problem) => Problems.Length < MaxProblems ? this with { Problems = Problems.Add(problem) } : this;
}
