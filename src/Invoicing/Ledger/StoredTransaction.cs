using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>A transaction as it stands in the books.</summary>
public sealed record StoredTransaction(Guid Id, LedgerTransaction Content, Instant PostedAt)
{
    /// <summary>What takes it back: the same entries on the other side.</summary>
    public LedgerTransaction Reversed(string key, string kind, Instant effectiveAt) =>
        new(key, kind, Content.Document, Content.CustomerId, effectiveAt, [.. Content.Entries.Select(entry => entry.Reversed())])
        {
            CorrectsId = Id,
        };
}
