using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// One record: <c>length (4) | CRC-32C (4) | sequence (8) | payload</c>, little endian; the checksum covers sequence and payload.
/// A segment is named by the sequence number of its first record.
/// </summary>
internal static class SpoolFormat
{
    public const int HeaderBytes = 16;
    public const int MaxPayloadBytes = 128 << 10;
    public const string Extension = ".seg";

    private const int ChecksumOffset = 4;
    private const int SequenceOffset = 8;
    private const int SequenceDigits = 19;

    public static string NameOf(long firstSequence) => firstSequence.ToString($"D{SequenceDigits}", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParseName(string path, out long firstSequence) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out firstSequence);

    public static void Write(Stream target, long sequence, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[SequenceOffset..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumOffset..], Checksum(header[SequenceOffset..], payload));
        target.Write(header);
        target.Write(payload);
    }

    /// <summary>Null at the end, at a torn record and at a damaged one: nothing behind such a record can be trusted.</summary>
    public static SpoolRecord? Read(Stream source)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (source.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is <= 0 or > MaxPayloadBytes)
        {
            return null;
        }

        var payload = new byte[length];
        return source.ReadAtLeast(payload, length, throwOnEndOfStream: false) == length
            && BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumOffset..]) == Checksum(header[SequenceOffset..], payload)
                ? new SpoolRecord(BinaryPrimitives.ReadInt64LittleEndian(header[SequenceOffset..]), payload)
                : null;
    }

    private static uint Checksum(ReadOnlySpan<byte> sequence, ReadOnlySpan<byte> payload) => ~Add(Add(uint.MaxValue, sequence), payload);

    private static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var single in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, single);
        }

        return checksum;
    }
}
