using System.Buffers.Binary;
using System.Text;
using Metering.EnforcementSidecar.Identifiers;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// The spent counters of all leases, in one memory-mapped file: what a killed process had spent is read exactly by the next.
/// The file is not flushed, so after a restart of the machine it may be older than the truth; it is then emptied, and Host
/// waits for the leases to run out instead of believing it.
/// </summary>
/// <remarks>
/// <code>
/// header   0 magic (8) | 8 boot id (36) | zero
/// slot n   64 × (n + 1):  0 lease id (26 ASCII, first byte 0 when free) | 32 granted | 40 counter
/// counter  sealed (1 bit) | generation (15 bits) | spent (48 bits)
/// </code>
/// </remarks>
internal sealed unsafe class LeaseSlots : IDisposable
{
    public const int DefaultCapacity = 65_536;

    private const int SlotBytes = 64;
    private const int GrantedOffset = 32;
    private const int CounterOffset = 40;
    private const int BootIdOffset = 8;
    private const int BootIdLength = 36;
    private const ulong Magic = 0x4D54_5253_4C4F_5432;

    private readonly byte* start;
    private readonly int capacity;
    private readonly MappedFile? mapped;

    // Oldest first: a slot rests as long as possible before it is used again.
    private readonly Queue<int> free = new();
    private readonly Lock gate = new();

    private LeaseSlots(byte* start, int capacity, string bootId, MappedFile? mapped)
    {
        this.start = start;
        this.capacity = capacity;
        this.mapped = mapped;
        var survived = Adopt(bootId);
        Found = survived ? [.. ReadAll()] : [];
        var taken = Found.Select(found => found.Slot).ToHashSet();
        for (var slot = 0; slot < capacity; slot++)
        {
            if (!taken.Contains(slot))
            {
                free.Enqueue(slot);
            }
        }
    }

    /// <summary>What an earlier process left behind; each is to be reported and then freed.</summary>
    public IReadOnlyList<FoundLease> Found { get; }

    /// <param name="bootId">Differs after a restart of the machine.</param>
    /// <exception cref="IOException">Another process uses the file.</exception>
    public static LeaseSlots Open(string path, string bootId)
    {
        var file = MappedFile.Open(path);
        if (file.Length < BytesFor(DefaultCapacity))
        {
            file.SetLength(BytesFor(DefaultCapacity));
        }

        var mapped = new MappedFile(file);
        return new LeaseSlots(mapped.Start, DefaultCapacity, bootId, mapped);
    }

    public static int BytesFor(int capacity) => SlotBytes * (capacity + 1);

    /// <summary>Over memory that somebody else owns and keeps: zeros, or what earlier slots left in it.</summary>
    /// <param name="memory">Of <see cref="BytesFor"/> bytes.</param>
    public static LeaseSlots Over(byte* memory, int capacity, string bootId) => new(memory, capacity, bootId, mapped: null);

    /// <summary>Writes the lease down before it is asked for, so that no crash can lose sight of it. Null when every slot is taken.</summary>
    public Lease? TryCreate(string leaseId, long sentAt)
    {
        int slot;
        lock (gate)
        {
            if (!free.TryDequeue(out slot))
            {
                return null;
            }
        }

        var counter = Counter(slot);
        var fresh = SpentCounter.Fresh(Volatile.Read(ref *counter));
        Volatile.Write(ref *Granted(slot), 0);
        Volatile.Write(ref *counter, fresh);
        WriteId(slot, leaseId);
        return new Lease(leaseId, slot, fresh, counter, Granted(slot), sentAt);
    }

    /// <summary>Host knows the final count; the slot may be used again.</summary>
    public void Free(int slot)
    {
        Volatile.Write(ref *At(slot), 0);
        lock (gate)
        {
            free.Enqueue(slot);
        }
    }

    public void Dispose() => mapped?.Dispose();

    /// <summary>True when the counters are those of this boot of the machine.</summary>
    private bool Adopt(string bootId)
    {
        var magic = new Span<byte>(start, sizeof(ulong));
        var boot = new Span<byte>(start + BootIdOffset, BootIdLength);
        Span<byte> current = stackalloc byte[BootIdLength];
        current.Clear();
        Encoding.ASCII.GetBytes(bootId.AsSpan(0, Math.Min(bootId.Length, BootIdLength)), current);
        if (BinaryPrimitives.ReadUInt64BigEndian(magic) == Magic && boot.SequenceEqual(current))
        {
            return true;
        }

        new Span<byte>(start, BytesFor(capacity)).Clear();
        current.CopyTo(boot);
        BinaryPrimitives.WriteUInt64BigEndian(magic, Magic);
        return false;
    }

    private List<FoundLease> ReadAll()
    {
        var found = new List<FoundLease>();
        for (var slot = 0; slot < capacity; slot++)
        {
            // An id that was being written when the process died does not parse: that lease was never asked for.
            var id = Encoding.ASCII.GetString(new ReadOnlySpan<byte>(At(slot), Ulid.Length));
            if (Ulid.TryParse(id, out _))
            {
                found.Add(new FoundLease(slot, id, SpentCounter.SpentOf(*Counter(slot))));
            }
        }

        return found;
    }

    private void WriteId(int slot, string leaseId)
    {
        var id = new Span<byte>(At(slot), Ulid.Length);
        Encoding.ASCII.GetBytes(leaseId.AsSpan(1), id[1..]);
        Volatile.Write(ref id[0], (byte)leaseId[0]);
    }

    private byte* At(int slot) => start + ((nint)SlotBytes * (slot + 1));

    private long* Granted(int slot) => (long*)(At(slot) + GrantedOffset);

    private long* Counter(int slot) => (long*)(At(slot) + CounterOffset);
}
