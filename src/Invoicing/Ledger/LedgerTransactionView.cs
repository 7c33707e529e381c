using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>A posted transaction.</summary>
/// <param name="EffectiveAt">In whose period it counts.</param>
/// <param name="CorrectsId">The transaction that this one takes back.</param>
internal sealed record LedgerTransactionView(
    string Id, string Key, string Kind, LedgerTransactionView.DocumentView? Document, string? CustomerId, Instant EffectiveAt, Instant PostedAt,
    string? CorrectsId, string? Description, ImmutableArray<LedgerTransactionView.EntryView> Entries)
{
    public static LedgerTransactionView Of(StoredTransaction stored) => new(
        PublicId.Format(stored.Id), stored.Content.Key, stored.Content.Kind,
        stored.Content.Document is { } document ? new DocumentView(document.Type, PublicId.Format(document.Id)) : null,
        Text(stored.Content.CustomerId), stored.Content.EffectiveAt, stored.PostedAt, Text(stored.Content.CorrectsId), stored.Content.Description,
        [.. stored.Content.Entries.Select(EntryView.Of)]);

    private static string? Text(Guid? id) => id is { } known ? PublicId.Format(known) : null;

    /// <summary>What the transaction tells of.</summary>
    internal sealed record DocumentView(string Type, string Id);

    /// <summary>One side of it.</summary>
    /// <param name="SourceId">The line, grant or payment that the entry is about.</param>
    internal sealed record EntryView(
        string Account, string Kind, string Currency, [property: JsonConverter(typeof(NumericConverter))] decimal Debit,
        [property: JsonConverter(typeof(NumericConverter))] decimal Credit, string? SourceId)
    {
        public static EntryView Of(LedgerEntry entry) => new(
            entry.Account.Path, entry.Account.Kind.NameOf(), entry.Account.Currency.Code, Math.Max(entry.Amount, 0m), Math.Max(-entry.Amount, 0m),
            Text(entry.SourceId));
    }
}
