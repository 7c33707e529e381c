using Metering.Platform.Database;
using NodaTime;

namespace Metering.Platform.Clock;

/// <summary>Moves the standing clock and lets everything happen that falls due on the way.</summary>
public sealed class TestClock(
    ProductClock clock,
    MeteringDatabase database,
    IEnumerable<IDueWork> dueWork,
    IEnumerable<IDrain> drains,
    IEnumerable<IClockFollower> followers)
{
    private readonly SemaphoreSlim oneAtATime = new(1, 1);

    /// <summary>
    /// The clock outlives the process: a restart continues where time stood, never earlier. A database that once ran on a test
    /// clock does so for ever, also when nobody says so: real and made-up time must not mix in one ledger.
    /// </summary>
    /// <param name="startAt">Null: the system's time, unless the database is a sandbox.</param>
    public static async Task<ProductClock> OpenAsync(MeteringDatabase database, Instant? startAt, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var now = startAt is { } instant
            ? await session.SingleAsync<Instant>(OpenSql, new { startAt = ProductClock.TruncateToMicroseconds(instant) }, cancellationToken)
            : await session.FirstOrNoneAsync<Instant?>("select now from platform.test_clock", null, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return now is { } standsAt ? ProductClock.StandingAt(standsAt) : ProductClock.System();
    }

    private const string OpenSql = """
        insert into platform.test_clock (only_one, now)
        values (true, @startAt)
        on conflict (only_one) do update set now = greatest(test_clock.now, excluded.now)
        returning now
        """;

    public async Task<TestClockOutcome> AdvanceAsync(Instant to, CancellationToken cancellationToken)
    {
        if (!clock.Stands)
        {
            return TestClockOutcome.NotInSandbox;
        }

        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (to < clock.GetCurrentInstant())
            {
                return TestClockOutcome.IntoThePast;
            }

            await StopAtEveryDueInstantAsync(ProductClock.TruncateToMicroseconds(to), cancellationToken);
            return TestClockOutcome.Advanced;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private async Task StopAtEveryDueInstantAsync(Instant to, CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken);
        while (await NextDueAsync(cancellationToken) is { } due && due <= to)
        {
            var now = Instant.Max(due, clock.GetCurrentInstant());
            await MoveToAsync(now, cancellationToken);
            await RunDueAsync(now, cancellationToken);
            if (await NextDueAsync(cancellationToken) is { } next && next <= due)
            {
                throw new InvalidOperationException($"Work due at {due} was run and is still due; the clock would never get past it.");
            }
        }

        await MoveToAsync(to, cancellationToken);
        await RunDueAsync(to, cancellationToken);
    }

    private async Task MoveToAsync(Instant now, CancellationToken cancellationToken)
    {
        await using (var session = await database.BeginAsync(cancellationToken))
        {
            await session.ExecuteAsync("update platform.test_clock set now = @now", new { now }, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        clock.MoveTo(now);
        foreach (var follower in followers)
        {
            await follower.FollowAsync(now, cancellationToken);
        }
    }

    private async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        foreach (var work in dueWork)
        {
            await work.RunDueAsync(now, cancellationToken);
            await DrainAsync(cancellationToken);
        }
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        // The outbox is registered first and fed by the others, so it is emptied last.
        foreach (var drain in drains.Reverse())
        {
            await drain.DrainAsync(cancellationToken);
        }
    }

    private async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        Instant? earliest = null;
        foreach (var work in dueWork)
        {
            var next = await work.NextDueAsync(cancellationToken);
            earliest = earliest is { } known && next is { } found ? Instant.Min(known, found) : earliest ?? next;
        }

        return earliest;
    }
}
