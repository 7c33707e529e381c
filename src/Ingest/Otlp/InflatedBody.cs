using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Metering.Ingest.Otlp;

/// <summary>A body that was sent compressed, read as what it holds, and no more of it than a body may have: a small one can hold gigabytes.</summary>
internal sealed class InflatedBody(Stream sent, int maxBytes) : Stream
{
    private readonly GZipStream inflated = new(sent, CompressionMode.Decompress, leaveOpen: true);
    private int total;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inflated.ReadAsync(buffer, cancellationToken);
        total += read;
        return total <= maxBytes
            ? read
            : throw new BadHttpRequestException("The body holds more than a body may have.", StatusCodes.Status413PayloadTooLarge);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inflated.Dispose();
        }

        base.Dispose(disposing);
    }
}
