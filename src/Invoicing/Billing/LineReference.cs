using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Ids of what is not stored: the same whenever they are computed.</summary>
internal static class LineReference
{
    private const int Bytes = 16;

    /// <summary>The line of a rate card in the period that runs, before it is on any document.</summary>
    public static Guid Of(Guid? subscriptionId, string phaseKey, string rateCardKey, Instant servedFrom) =>
        Hash($"{subscriptionId}/{phaseKey}/{rateCardKey}/{servedFrom}");

    /// <summary>A part of a stored line.</summary>
    public static Guid Of(Guid lineId, string part) => Hash($"{lineId}/{part}");

    private static Guid Hash(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, Bytes), bigEndian: true);
}
