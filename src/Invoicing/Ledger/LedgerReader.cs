using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Transactions as they were posted, with their entries in order.</summary>
public static class LedgerReader
{
    public static async Task<ImmutableArray<StoredTransaction>> FindAsync(
        DbSession session, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<TransactionRow>(
            TransactionRow.SelectSql + " where t.key = any(@keys) order by t.key", new { keys = keys.ToArray() }, cancellationToken);
        return await WithEntriesAsync(session, rows, cancellationToken);
    }

    internal static async Task<ImmutableArray<StoredTransaction>> WithEntriesAsync(
        DbSession session, IReadOnlyList<TransactionRow> rows, CancellationToken cancellationToken)
    {
        var entries = await session.QueryAsync<EntryRow>(EntriesSql, new { ids = rows.Select(row => row.Id).ToArray() }, cancellationToken);
        var ofTransactions = entries.ToLookup(entry => entry.TransactionId, entry => entry.ToEntry());
        return [.. rows.Select(row => row.ToTransaction([.. ofTransactions[row.Id]]))];
    }

    private const string EntriesSql = """
        select e.transaction_id as transactionId, a.kind, a.currency, a.billing_profile_id as billingProfileId, a.customer_id as customerId,
               e.amount, e.source_id as sourceId
        from invoicing.ledger_entry e
        join invoicing.ledger_account a on a.id = e.account_id
        where e.transaction_id = any(@ids)
        order by e.transaction_id, e.position
        """;

    internal sealed record TransactionRow(
        Guid Id, string Key, string Kind, string? DocumentType, Guid? DocumentId, Guid? CustomerId, Instant EffectiveAt, Instant PostedAt,
        Guid? CorrectsId, string? Description)
    {
        /// <summary>Completed by a where clause on <c>t</c>.</summary>
        public const string SelectSql = """
            select t.id, t.key, t.kind, t.document_type as documentType, t.document_id as documentId, t.customer_id as customerId,
                   t.effective_at as effectiveAt, t.posted_at as postedAt, t.corrects_id as correctsId, t.description
            from invoicing.ledger_transaction t
            """;

        public StoredTransaction ToTransaction(ImmutableArray<LedgerEntry> entries) => new(
            Id,
            new LedgerTransaction(
                Key, Kind, DocumentId is { } document ? new LedgerDocument(DocumentType!, document) : null, CustomerId, EffectiveAt, entries)
            {
                CorrectsId = CorrectsId, Description = Description,
            },
            PostedAt);
    }

    private sealed record EntryRow(
        Guid TransactionId, string Kind, string Currency, Guid? BillingProfileId, Guid? CustomerId, decimal Amount, Guid? SourceId)
    {
        public LedgerEntry ToEntry() => new(
            new LedgerAccount(AccountKinds.Parse(Kind), Rating.Currency.Parse(Currency), BillingProfileId, CustomerId), Amount, SourceId);
    }
}
