using Metering.Platform.Database;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Advisory locks, all held to the end of the transaction. Every batch holds <see cref="RecordAsync"/> from before it takes its
/// number until it has committed; recording takes it by the database's <c>ingest.begin_batch()</c>, the number in the same round trip.
/// Whoever gets <see cref="StillAsync"/> therefore knows that no batch is in flight: every number given out so far is committed or will
/// never be, and every later batch has a greater one. Recording stands still meanwhile; who only wants a watermark asks the database's
/// <c>ingest.await_batches()</c> or <c>ingest.settled_batch()</c>, which hold nobody up.
/// </summary>
internal static class IngestLocks
{
    private const int Module = 0x1E57;
    private const int Batches = 1;
    private const int Folding = 2;
    private const int Sources = 3;
    private const int Corrections = 4;

    public static Task RecordAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_xact_lock_shared(@Module, @Batches)", new { Module, Batches }, cancellationToken);

    public static Task StillAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_xact_lock(@Module, @Batches)", new { Module, Batches }, cancellationToken);

    /// <summary>Rollups are rearranged by one at a time. Taken before <see cref="StillAsync"/>, never after.</summary>
    public static Task RearrangeAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_xact_lock(@Module, @Folding)", new { Module, Folding }, cancellationToken);

    /// <summary>What is known of sources is added up by one at a time.</summary>
    public static Task SourcesAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_xact_lock(@Module, @Sources)", new { Module, Sources }, cancellationToken);

    /// <summary>Events are corrected by one at a time. Taken before <see cref="RecordAsync"/>.</summary>
    public static Task CorrectAsync(DbSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_xact_lock(@Module, @Corrections)", new { Module, Corrections }, cancellationToken);

    public static Task<bool> TryRearrangeAsync(DbSession session, CancellationToken cancellationToken) =>
        session.SingleAsync<bool>("select pg_try_advisory_xact_lock(@Module, @Folding)", new { Module, Folding }, cancellationToken);
}
