namespace Metering.Platform.Clock;

/// <summary>Something that accepts work and does it a little later: a queue. The test clock waits for it.</summary>
public interface IDrain
{
    /// <summary>Returns when everything accepted before the call has taken effect.</summary>
    Task DrainAsync(CancellationToken cancellationToken);
}
