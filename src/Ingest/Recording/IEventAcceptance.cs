using Metering.Ingest.Events;
using NodaTime;

namespace Metering.Ingest.Recording;

/// <summary>Takes over well-formed events so that they can not be lost: recorded here, or safe with the broker.</summary>
internal interface IEventAcceptance
{
    /// <summary>One pass that says what is wrong with a body, and makes the events if they are recorded here.</summary>
    ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, Instant receivedAt);

    /// <param name="read">What <see cref="Read"/> made of the body; well formed and not empty.</param>
    /// <param name="body">An event or an array, as posted. Untouched until the answer is there, and not needed afterwards.</param>
    Task<Acceptance> AcceptAsync(ReadEvents read, ReadOnlyMemory<byte> body, Instant receivedAt);
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
    public ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, Instant receivedAt) => CloudEventReader.Read(body, form, receivedAt);

    public async Task<Acceptance> AcceptAsync(ReadEvents read, ReadOnlyMemory<byte> body, Instant receivedAt) =>
        intake.TrySubmit(read.Events) is { } recorded ? new Acceptance.Recorded(await recorded) : new Acceptance.Full();
}
