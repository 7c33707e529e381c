using NodaTime;

namespace Metering.Platform.Clock;

/// <summary>
/// Work that falls due at instants, found by a cursor in the database. Production calls <see cref="RunDueAsync"/> on a
/// schedule; the test clock stops at every due instant on its way.
/// </summary>
public interface IDueWork
{
    /// <summary>The earliest instant at which something is due, which may lie in the past; null when nothing is.</summary>
    Task<Instant?> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Does all that is due at or before <paramref name="now"/>. Safe to repeat and to interrupt.</summary>
    Task RunDueAsync(Instant now, CancellationToken cancellationToken);
}
