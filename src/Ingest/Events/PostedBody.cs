using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Metering.Ingest.Events;

/// <summary>The bytes of a request in rented memory, which is given back when nothing reads them any more.</summary>
internal sealed class PostedBody : IDisposable
{
    private const int FirstBytes = 16 << 10;

    private readonly BodyRoom room;
    private byte[] buffer;
    private int entered;
    private int length;

    private PostedBody(BodyRoom room, int capacity)
    {
        this.room = room;
        entered = capacity;
        buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <returns>Null when there is no room for it.</returns>
    public static async Task<PostedBody?> ReadAsync(HttpRequest request, BodyRoom room, CancellationToken cancellationToken)
    {
        // The server ends a body at its announced length, and refuses one above the route's limit when it is read.
        var announced = request.ContentLength is { } length ? (int?)Math.Min(length, EventLimits.MaxBodyBytes + 1) : null;
        if (!room.TryEnter(announced ?? FirstBytes))
        {
            return null;
        }

        var body = new PostedBody(room, announced ?? FirstBytes);
        try
        {
            if (await body.FillAsync(request.Body, announced, cancellationToken))
            {
                return body;
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }

        body.Dispose();
        return null;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        room.Leave(entered);
    }

    private async Task<bool> FillAsync(Stream source, int? announced, CancellationToken cancellationToken)
    {
        while (length != announced)
        {
            if (length == buffer.Length && !TryGrow())
            {
                return false;
            }

            var read = await source.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        return true;
    }

    private bool TryGrow()
    {
        if (!room.TryEnter(length))
        {
            return false;
        }

        entered += length;
        var larger = ArrayPool<byte>.Shared.Rent(length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
        return true;
    }
}
