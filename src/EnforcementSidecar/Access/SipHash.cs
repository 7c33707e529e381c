using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Metering.EnforcementSidecar.Access;

/// <summary>
/// SipHash-2-4 of 128 bits (Aumasson and Bernstein, 2012): to whoever does not know its key, the hash of a short text is chance.
/// </summary>
internal static class SipHash
{
    /// <param name="first">Half of the key.</param>
    /// <param name="second">The other half.</param>
    public static (ulong First, ulong Second) Of(ReadOnlySpan<byte> text, ulong first, ulong second)
    {
        var state = new State(
            first ^ 0x736F_6D65_7073_6575, second ^ 0x646F_7261_6E64_6F6D ^ 0xEE, first ^ 0x6C79_6765_6E65_7261, second ^ 0x7465_6462_7974_6573);
        var rest = text;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            state = Absorb(state, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        var last = (ulong)(text.Length & byte.MaxValue) << 56;
        for (var i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        state = Absorb(state, last);
        state = Finish(state with { V2 = state.V2 ^ 0xEE });
        var half = state.Folded;
        return (half, Finish(state with { V1 = state.V1 ^ 0xDD }).Folded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static State Absorb(State state, ulong word)
    {
        state = Round(Round(state with { V3 = state.V3 ^ word }));
        return state with { V0 = state.V0 ^ word };
    }

    private static State Finish(State state) => Round(Round(Round(Round(state))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static State Round(State state)
    {
        var (v0, v1, v2, v3) = state;
        unchecked
        {
            v0 += v1;
            v2 += v3;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 = BitOperations.RotateLeft(v0, 32) + v3;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 = BitOperations.RotateLeft(v2, 32);
        }

        return new State(v0, v1, v2, v3);
    }

    private readonly record struct State(ulong V0, ulong V1, ulong V2, ulong V3)
    {
        public ulong Folded => V0 ^ V1 ^ V2 ^ V3;
    }
}
