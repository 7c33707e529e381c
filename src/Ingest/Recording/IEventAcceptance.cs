using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Recording;

/// <summary>Takes over well-formed events so that they can not be lost: recorded here, or safe with the broker.</summary>
internal interface IEventAcceptance
{
    /// <param name="body">The events as a JSON array, as posted.</param>
    Task<Acceptance> AcceptAsync(
        IReadOnlyList<UsageEvent> events, ReadOnlyMemory<byte> body, Instant receivedAt, CancellationToken cancellationToken);
}

/// <summary>What became of a request's events.</summary>
internal abstract record Acceptance
{
    private Acceptance()
    {
    }

    /// <summary>Too much is waiting already; nothing was taken.</summary>
    public sealed record Full : Acceptance;

    /// <summary>The broker did not confirm in time. It may have them all the same; sent again they are duplicates.</summary>
    public sealed record NotConfirmed : Acceptance;

    /// <summary>The broker has them; what becomes of each is not known yet.</summary>
    public sealed record Queued : Acceptance;

    /// <summary>Committed, with one result per event.</summary>
    public sealed record Recorded(EventResult[] Results) : Acceptance;
}

/// <summary>The embedded default: the answer comes after the commit.</summary>
internal sealed class EmbeddedAcceptance(EventIntake intake) : IEventAcceptance
{
    public async Task<Acceptance> AcceptAsync(
        IReadOnlyList<UsageEvent> events, ReadOnlyMemory<byte> body, Instant receivedAt, CancellationToken cancellationToken) =>
        intake.TrySubmit(events) is { } recorded ? new Acceptance.Recorded(await recorded) : new Acceptance.Full();
}
