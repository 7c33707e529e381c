using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Shares;

/// <summary>
/// What this sidecar may let through of a limit that it shares with others: nothing without a share that is still good. Taking is the
/// business of each kind of limit; shares are given and given up under the gate of the account, one thing after the other.
/// </summary>
internal abstract class LocalLimit
{
    private ShareAccount? account;

    /// <summary>Null until something was to be taken.</summary>
    public ShareAccount? Account
    {
        get => Volatile.Read(ref account);
        set => Volatile.Write(ref account, value);
    }

    /// <summary>Among those of a feature.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Comes down to <paramref name="target"/> as far as what is in use allows, or to nothing when nobody has asked for it of late; from then on
    /// no more is let through than what the offer says is kept.
    /// </summary>
    /// <param name="smallestNeed">Of the requests that wait; 0 when none does.</param>
    /// <param name="totalNeed">Of all of them.</param>
    public abstract ShareOffer Offer(long target, long smallestNeed, long totalNeed, Instant now, TimeProvider monotonic);

    /// <summary>What Host has answered to the last offer.</summary>
    /// <param name="deadline">Monotonic.</param>
    public abstract void Take(ShareAnswer answer, long deadline, Instant now);

    /// <summary>Whether Host said a moment ago that no more is to be had.</summary>
    protected bool IsAnswered(long timestamp) => Account?.IsAnswered(timestamp) == true;
}
