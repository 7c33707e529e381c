using System.Collections.Immutable;
using Metering.Ingest.Events;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Sources;

/// <summary>
/// <c>GET /api/v1/sources</c>: who has sent events, latest first, and how many sequence numbers never came.
/// <c>GET /api/v1/sources/{source}</c>: which ones.
/// </summary>
internal static class ReadSources
{
    public static void MapReadSources(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/sources", ListAsync).RequireScope(Scope.UsageRead)
            .WithName("listSources").WithSummary("List the sources of events, with what of theirs is missing").Produces<Page<SourceSummary>>();
        routes.MapGet("/api/v1/sources/{**source}", GetAsync).RequireScope(Scope.UsageRead)
            .WithName("getSource").WithSummary("Read a source of events and the gaps in its numbering").Produces<SourceView>();
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, MeteringDatabase database, SourceFolding folding, CancellationToken cancellationToken)
    {
        await folding.FoldAsync(cancellationToken);
        return await Page.OfAsync(
            database, page, ListSql, "select count(*) from ingest.source", null, (SourceSummary row) => row, cancellationToken);
    }

    private static async Task<IResult> GetAsync(
        string source, MeteringDatabase database, SourceFolding folding, CancellationToken cancellationToken)
    {
        await folding.FoldAsync(cancellationToken);
        await using var session = await database.OpenAsync(cancellationToken);

        // A slash may come percent-encoded, and a server leaves it so; a source that really holds %2F is found first.
        var summary = await FindAsync(session, source, cancellationToken)
            ?? await FindAsync(session, source.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), cancellationToken);
        if (summary is null)
        {
            return Problem.NotFound("source", source);
        }

        var key = Digest.Of(summary.Source);
        var sequences = await session.QueryAsync<SequenceRow>(SequencesSql, new { key }, cancellationToken);
        var gaps = (await session.QueryAsync<GapRow>(GapsSql, new { key }, cancellationToken)).ToLookup(gap => gap.Epoch, StringComparer.Ordinal);
        return Results.Ok(SourceView.Of(summary, [.. sequences.Select(row => row.Show(gaps[row.Epoch]))]));
    }

    private static Task<SourceSummary?> FindAsync(DbSession session, string source, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<SourceSummary>(OneSql, new { key = Digest.Of(source) }, cancellationToken);

    private const string Summary = """
        select s.source, s.events, s.first_seen_at as firstSeenAt, s.last_seen_at as lastSeenAt,
               (select q.highest from ingest.source_sequence q where q.source_key = s.key order by q.last_seen_at desc, q.epoch desc limit 1)
                   as lastSequence,
               (select count(*) from ingest.source_gap g where g.source_key = s.key) as openGaps,
               ((select coalesce(sum(g.last - g.first + 1), 0) from ingest.source_gap g where g.source_key = s.key)
                   + (select coalesce(sum(q.forgotten), 0) from ingest.source_sequence q where q.source_key = s.key))::bigint as missing
        from ingest.source s
        """;

    private const string ListSql = $"""
        {Summary}
        order by s.last_seen_at desc, s.key
        """;

    private const string OneSql = $"""
        {Summary}
        where s.key = @key
        """;

    private const string SequencesSql = """
        select epoch, highest, forgotten, last_seen_at as lastSeenAt
        from ingest.source_sequence
        where source_key = @key
        order by last_seen_at desc, epoch desc
        """;

    private const string GapsSql = "select epoch, first, last, since from ingest.source_gap where source_key = @key order by epoch, first";

    private sealed record GapRow(string Epoch, long First, long Last, Instant Since);

    private sealed record SequenceRow(string Epoch, long Highest, long Forgotten, Instant LastSeenAt)
    {
        public SourceSequence Show(IEnumerable<GapRow> gaps)
        {
            ImmutableArray<MissingRange> open = [.. gaps.Select(gap => new MissingRange(gap.First, gap.Last, gap.Since))];
            return new SourceSequence(
                Epoch, Highest, open.Sum(gap => gap.Last - gap.First + 1) + Forgotten, Forgotten, LastSeenAt, open);
        }
    }
}

/// <summary>A source of events.</summary>
/// <param name="Events">How many were recorded.</param>
/// <param name="LastSequence">The highest sequence number of its latest epoch; absent when it does not number its events.</param>
/// <param name="OpenGaps">How many ranges of sequence numbers never came.</param>
/// <param name="Missing">How many sequence numbers never came.</param>
internal sealed record SourceSummary(
    string Source, long Events, Instant FirstSeenAt, Instant LastSeenAt, long? LastSequence, long OpenGaps, long Missing);

/// <summary>A source of events with its numberings, the latest first.</summary>
internal sealed record SourceView(
    string Source, long Events, Instant FirstSeenAt, Instant LastSeenAt, long? LastSequence, long OpenGaps, long Missing,
    ImmutableArray<SourceSequence> Sequences)
{
    public static SourceView Of(SourceSummary summary, ImmutableArray<SourceSequence> sequences) => new(
        summary.Source, summary.Events, summary.FirstSeenAt, summary.LastSeenAt, summary.LastSequence, summary.OpenGaps, summary.Missing, sequences);
}

/// <summary>One numbering of a source, from 1 on.</summary>
/// <param name="Epoch">As the events state it; empty when they state none.</param>
/// <param name="Forgotten">How many of the missing are no longer in a gap that is shown: only so many gaps are kept.</param>
internal sealed record SourceSequence(
    string Epoch, long LastSequence, long Missing, long Forgotten, Instant LastSeenAt, ImmutableArray<MissingRange> Gaps);

/// <summary>Sequence numbers that did not come, both ends inclusive.</summary>
/// <param name="Since">When a later number came.</param>
internal sealed record MissingRange(long First, long Last, Instant Since);
