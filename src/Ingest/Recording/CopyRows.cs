using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Metering.Platform.Database;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Recording;

/// <summary>
/// Rows on their way into a table, in the format of PostgreSQL's binary COPY, written by hand: passing them to the driver value by value
/// costs a multiple. They are sent piece by piece, so that the server stores the first rows while the last are still being written.
/// </summary>
internal sealed class CopyRows : IAsyncDisposable
{
    /// <summary>As much as stays in a processor's cache between being written here and being read there.</summary>
    private const int PieceBytes = 64 << 10;
    private const int MaxDigitGroups = 16;
    private const int GroupDigits = 4;
    private const int GroupSize = 10_000;
    private const short NegativeSign = 0x4000;
    private static readonly Instant Epoch = Instant.FromUtc(2000, 1, 1, 0, 0);

    private readonly NpgsqlRawCopyStream stream;
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(2 * PieceBytes);
    private int used;
    private bool completed;

    private CopyRows(NpgsqlRawCopyStream stream)
    {
        this.stream = stream;

        // The signature, no flags, no extension.
        Encoding.Latin1.GetBytes("PGCOPY\n\u00FF\r\n\0", bytes);
        bytes.AsSpan(11, 8).Clear();
        used = 19;
    }

    /// <param name="copySql">A <c>copy … from stdin (format binary)</c> of as many columns as each row has.</param>
    public static async Task<CopyRows> BeginAsync(DbSession session, string copySql, CancellationToken cancellationToken) =>
        new(await session.Connection.BeginRawBinaryCopyAsync(copySql, cancellationToken));

    /// <summary>To be asked for before each row: sends what has come together, when it is worth sending.</summary>
    public ValueTask StartRowAsync(short columns, CancellationToken cancellationToken)
    {
        if (used < PieceBytes)
        {
            StartRow(columns);
            return ValueTask.CompletedTask;
        }

        return SendAndStartRowAsync(columns, cancellationToken);
    }

    public void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    public void Write(Guid value) => value.TryWriteBytes(Value(16), bigEndian: true, out _);

    public void Write(Guid? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            Null();
        }
    }

    public void Write(int value) => BinaryPrimitives.WriteInt32BigEndian(Value(4), value);

    public void Write(long value) => BinaryPrimitives.WriteInt64BigEndian(Value(8), value);

    /// <summary>Cut to microseconds, towards the past.</summary>
    public void Write(Instant value)
    {
        var ticks = (value - Epoch).BclCompatibleTicks;
        Write((ticks - (((ticks % 10) + 10) % 10)) / 10);
    }

    public void Write(Instant? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            Null();
        }
    }

    public void Write(string? value)
    {
        if (value is null)
        {
            Null();
            return;
        }

        Reserve(4 + Encoding.UTF8.GetMaxByteCount(value.Length));
        var written = Encoding.UTF8.GetBytes(value, bytes.AsSpan(used + 4));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(used), written);
        used += 4 + written;
    }

    /// <summary>As text.</summary>
    public void WriteUtf8(ReadOnlySpan<byte> value) => value.CopyTo(Value(value.Length));

    /// <summary>As numeric: groups of four digits, the scale that the decimal has.</summary>
    public void Write(decimal value)
    {
        var scale = value.Scale;
        var digits = DigitsOf(value);
        for (var missing = (GroupDigits - (scale % GroupDigits)) % GroupDigits; missing > 0; missing--)
        {
            digits *= 10;
        }

        Span<short> groups = stackalloc short[MaxDigitGroups];
        var count = 0;
        for (; digits != 0; digits /= GroupSize)
        {
            groups[count++] = (short)(digits % GroupSize);
        }

        var fraction = (scale + GroupDigits - 1) / GroupDigits;
        var numeric = Value(8 + (2 * count));
        BinaryPrimitives.WriteInt16BigEndian(numeric, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(numeric[2..], (short)(count - fraction - 1));
        BinaryPrimitives.WriteInt16BigEndian(numeric[4..], value < 0 ? NegativeSign : (short)0);
        BinaryPrimitives.WriteInt16BigEndian(numeric[6..], (short)scale);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt16BigEndian(numeric[(8 + (2 * i))..], groups[count - 1 - i]);
        }
    }

    /// <summary>Ends when the server has taken every row. Without it none is.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);
        await SendAsync(cancellationToken);
        completed = true;
        await stream.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        if (completed)
        {
            return;
        }

        try
        {
            await stream.CancelAsync();
        }
        catch (NpgsqlException)
        {
            // Whatever kept the rows from being completed is on its way to the caller already.
        }
    }

    public void Write(decimal? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            Null();
        }
    }

    private async ValueTask SendAndStartRowAsync(short columns, CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken);
        StartRow(columns);
    }

    private void StartRow(short columns) => BinaryPrimitives.WriteInt16BigEndian(Take(2), columns);

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        await stream.WriteAsync(bytes.AsMemory(0, used), cancellationToken);
        used = 0;
    }

    private static UInt128 DigitsOf(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        return unchecked(new UInt128((uint)parts[2], ((ulong)(uint)parts[1] << 32) | (uint)parts[0]));
    }

    /// <summary>Room for a value behind its length.</summary>
    private Span<byte> Value(int length)
    {
        var field = Take(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(field, length);
        return field[4..];
    }

    private Span<byte> Take(int length)
    {
        Reserve(length);
        var taken = bytes.AsSpan(used, length);
        used += length;
        return taken;
    }

    private void Reserve(int length)
    {
        if (bytes.Length - used >= length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length * 2, used + length));
        bytes.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
