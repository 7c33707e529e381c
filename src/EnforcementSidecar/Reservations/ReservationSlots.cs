using System.Buffers.Binary;
using System.Text;
using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// The open reservations in one memory-mapped file, so that a killed process leaves them to the next. What is written is signed: a record of
/// which only half reached the disk before the machine stopped is seen to be none.
/// </summary>
/// <remarks>
/// <code>
/// header   0 magic (8) | 8 slots that were ever used (4) | zero
/// slot n   64 + 768 × n:  0 length of the token (4, 0 when free) | 4 policy | 5 counted tokens | 8 deadline (8) | 64 token (ASCII)
/// </code>
/// </remarks>
internal sealed unsafe class ReservationSlots : IDisposable
{
    public const int Capacity = 32_768;

    private const int HeaderBytes = 64;
    private const int UsedOffset = 8;
    private const int SlotBytes = 768;
    private const int PolicyOffset = 4;
    private const int CountsOffset = 5;
    private const int DeadlineOffset = 8;
    private const int TokenOffset = 64;
    private const ulong Magic = 0x4D54_5253_5253_5631;

    private readonly MappedFile mapped;
    private readonly byte* start;

    // The one freed last first: few pages are touched, however many slots there are.
    private readonly Stack<int> free = new();
    private readonly Lock gate = new();

    private ReservationSlots(FileStream file)
    {
        mapped = new MappedFile(file);
        start = mapped.Start;
        Found = [.. ReadAll()];
        var taken = Found.Select(found => found.Slot).ToHashSet();
        for (var slot = Capacity - 1; slot >= 0; slot--)
        {
            if (!taken.Contains(slot))
            {
                free.Push(slot);
            }
        }
    }

    /// <summary>What an earlier process left behind, unverified.</summary>
    public IReadOnlyList<FoundReservation> Found { get; }

    /// <exception cref="IOException">Another process uses the file.</exception>
    public static ReservationSlots Open(string path)
    {
        var file = MappedFile.Open(path);
        var magic = new byte[sizeof(ulong)];
        const long length = HeaderBytes + ((long)SlotBytes * Capacity);
        if (RandomAccess.Read(file.SafeFileHandle, magic, 0) < magic.Length || BinaryPrimitives.ReadUInt64BigEndian(magic) != Magic
            || file.Length != length)
        {
            file.SetLength(0);
            file.SetLength(length);
            BinaryPrimitives.WriteUInt64BigEndian(magic, Magic);
            RandomAccess.Write(file.SafeFileHandle, magic, 0);
        }

        return new ReservationSlots(file);
    }

    /// <returns>Null when every slot is taken.</returns>
    public int? TryWrite(string token, OrphanPolicy policy, CountedTokens counts, long deadline)
    {
        int slot;
        lock (gate)
        {
            if (!free.TryPop(out slot))
            {
                return null;
            }

            // Only as many slots are looked at, and paged in, at the next start.
            var used = (int*)(start + UsedOffset);
            Volatile.Write(ref *used, Math.Max(*used, slot + 1));
        }

        var at = At(slot);
        at[PolicyOffset] = (byte)policy;
        at[CountsOffset] = (byte)counts;
        *(long*)(at + DeadlineOffset) = deadline;
        Encoding.ASCII.GetBytes(token, new Span<byte>(at + TokenOffset, SlotBytes - TokenOffset));
        Volatile.Write(ref *(int*)at, token.Length);
        return slot;
    }

    public void Free(int slot)
    {
        Volatile.Write(ref *(int*)At(slot), 0);
        lock (gate)
        {
            free.Push(slot);
        }
    }

    public void Dispose() => mapped.Dispose();

    private List<FoundReservation> ReadAll()
    {
        var found = new List<FoundReservation>();
        var used = Math.Clamp(*(int*)(start + UsedOffset), 0, Capacity);
        for (var slot = 0; slot < used; slot++)
        {
            var at = At(slot);
            if (*(int*)at is > 0 and <= ReservationToken.MaxLength and var length)
            {
                var token = Encoding.ASCII.GetString(new ReadOnlySpan<byte>(at + TokenOffset, length));
                found.Add(new FoundReservation(
                    slot, token, (OrphanPolicy)at[PolicyOffset], (CountedTokens)at[CountsOffset], *(long*)(at + DeadlineOffset)));
            }
        }

        return found;
    }

    private byte* At(int slot) => start + HeaderBytes + ((nint)SlotBytes * slot);
}
