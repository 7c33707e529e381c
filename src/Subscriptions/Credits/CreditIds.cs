using Metering.Platform.Identifiers;

namespace Metering.Subscriptions.Credits;

/// <summary>
/// Leases of money are asked for under an id of their own beside the entitlement's: its last two bytes turned over. So one is told from the other
/// without a table, and turning over again leads back.
/// </summary>
internal static class CreditIds
{
    private const int GuidLength = 16;

    public static Guid Turned(Guid id)
    {
        Span<byte> bytes = stackalloc byte[GuidLength];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[^1] ^= byte.MaxValue;
        bytes[^2] ^= byte.MaxValue;
        return new Guid(bytes, bigEndian: true);
    }

    public static string TextOf(Guid entitlementId) => PublicId.Format(Turned(entitlementId));
}
