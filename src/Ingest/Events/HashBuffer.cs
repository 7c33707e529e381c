using System.Buffers;

namespace Metering.Ingest.Events;

/// <summary>Bytes that are put together to be hashed: on the stack where they fit, otherwise rented.</summary>
internal readonly ref struct HashBuffer
{
    public const int StackBytes = 512;

    private readonly byte[]? rented;

    public HashBuffer(Span<byte> onStack, int length)
    {
        rented = length <= onStack.Length ? null : ArrayPool<byte>.Shared.Rent(length);
        Bytes = rented is null ? onStack[..length] : rented.AsSpan(0, length);
    }

    public Span<byte> Bytes { get; }

    public void Dispose()
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
