using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Metering.Invoicing.Ledger;

/// <summary>What a transaction says, as 32 bytes: for its idempotency, and as the leaf of the chain.</summary>
internal static class PayloadHash
{
    private const string Version = "1";

    /// <summary>All but the id and the time of posting, which differ when the same happening is posted again.</summary>
    public static byte[] Of(LedgerTransaction transaction)
    {
        var text = new StringBuilder();
        Field(text, Version);
        Field(text, transaction.Key);
        Field(text, transaction.Kind);
        Field(text, transaction.Document?.Type);
        Field(text, transaction.Document?.Id.ToString());
        Field(text, transaction.CustomerId?.ToString());
        Field(text, (transaction.EffectiveAt.ToUnixTimeTicks() / 10).ToString(CultureInfo.InvariantCulture));
        Field(text, transaction.CorrectsId?.ToString());
        Field(text, transaction.Description);
        foreach (var entry in transaction.Entries)
        {
            Field(text, entry.Account.Path);
            Field(text, AmountOf(entry.Amount));
            Field(text, entry.SourceId?.ToString());
        }

        return OfText(text);
    }

    /// <summary>However many zeros the database or the caller writes behind it.</summary>
    private static string AmountOf(decimal amount) => amount.ToString("0.############", CultureInfo.InvariantCulture);

    /// <summary>Each with its length before it, so that no two contents have one text.</summary>
    private static void Field(StringBuilder text, string? value)
    {
        if (value is null)
        {
            text.Append("-;");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"{value.Length}:").Append(value).Append(';');
    }

    private static byte[] OfText(StringBuilder text)
    {
        var written = text.ToString();
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(written.Length));
        try
        {
            return SHA256.HashData(bytes.AsSpan(0, Encoding.UTF8.GetBytes(written, bytes)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
