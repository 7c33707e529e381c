using System.Threading.Channels;
using Metering.Contracts.Sidecar;

namespace Metering.Subscriptions.Snapshots;

/// <summary>One connected stream: its bell, and which heartbeats it has sent and heard back of. Any thread may ring.</summary>
/// <param name="hearsRecalls">Whether the sidecar knows what a recall is.</param>
/// <param name="hearsShareRecalls">Whether it knows what a recall of shares is.</param>
internal sealed class SidecarStream(string sidecarId, bool hearsRecalls, bool hearsShareRecalls)
{
    // Beyond that a sidecar is so far behind that the next upkeep of its leases comes sooner.
    private const int MaxWaitingRecalls = 64;

    // Heartbeats that nobody has acknowledged; older ones are forgotten, an acknowledgement of a later one covers them.
    private const int RememberedHeartbeats = 64;

    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Queue<(long Sequence, long Version)> sent = new();
    private readonly Queue<SidecarMessage> recalls = new();
    private readonly Lock gate = new();
    private bool heartbeatWanted;
    private long acknowledgedSequence;
    private long acknowledgedVersion = -1;

    public string SidecarId => sidecarId;

    public bool HearsRecalls => hearsRecalls;

    public bool HearsShareRecalls => hearsShareRecalls;

    /// <summary>False after it let a wait run out, until it acknowledges again: a reader that never answers delays the clock once only.</summary>
    public bool Responds { get; private set; } = true;

    /// <param name="heartbeat">Also when nothing has changed.</param>
    public void Ring(bool heartbeat)
    {
        lock (gate)
        {
            heartbeatWanted |= heartbeat;
        }

        bell.Writer.TryWrite(true);
    }

    /// <param name="recall">Of leases or of shares.</param>
    public void Ask(SidecarMessage recall)
    {
        lock (gate)
        {
            if (recalls.Count == MaxWaitingRecalls)
            {
                return;
            }

            recalls.Enqueue(recall);
        }

        bell.Writer.TryWrite(true);
    }

    public IReadOnlyList<SidecarMessage> TakeRecalls()
    {
        lock (gate)
        {
            SidecarMessage[] taken = [.. recalls];
            recalls.Clear();
            return taken;
        }
    }

    /// <returns>Whether a heartbeat is wanted.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        await bell.Reader.ReadAsync(cancellationToken);
        lock (gate)
        {
            var wanted = heartbeatWanted;
            heartbeatWanted = false;
            return wanted;
        }
    }

    public void Sent(long sequence, long version)
    {
        lock (gate)
        {
            sent.Enqueue((sequence, version));
            if (sent.Count > RememberedHeartbeats)
            {
                sent.Dequeue();
            }
        }
    }

    public void Acknowledge(long sequence)
    {
        lock (gate)
        {
            while (sent.TryPeek(out var oldest) && oldest.Sequence <= sequence)
            {
                acknowledgedSequence = oldest.Sequence;
                acknowledgedVersion = oldest.Version;
                Responds = true;
                sent.Dequeue();
            }
        }
    }

    public bool HasAcknowledged(long afterSequence, long version)
    {
        lock (gate)
        {
            return acknowledgedSequence > afterSequence && acknowledgedVersion >= version;
        }
    }

    public void GiveUp() => Responds = false;
}
