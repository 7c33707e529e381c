using System.Collections.Immutable;
using Metering.Platform.Clock;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Entries that belong together and balance in each currency. Once posted it stands for ever; a correction is another transaction.</summary>
/// <param name="Key">Names the happening: posted again with the same content it changes nothing, with other content it is refused.</param>
/// <param name="Kind">What happened, such as <c>invoice.issued</c>.</param>
/// <param name="EffectiveAt">In whose period it counts. Part of the content, so of what happened and not of when it is posted.</param>
/// <param name="Entries">Two or more, none of them zero.</param>
public sealed record LedgerTransaction(
    string Key, string Kind, LedgerDocument? Document, Guid? CustomerId, Instant EffectiveAt, ImmutableArray<LedgerEntry> Entries)
{
    private const int MaxKeyLength = 255;
    internal const int MaxEntries = 10_000;

    public Instant EffectiveAt { get; } = ProductClock.TruncateToMicroseconds(EffectiveAt);

    /// <summary>The transaction that this one takes back.</summary>
    public Guid? CorrectsId { get; init; }

    public string? Description { get; init; }

    /// <exception cref="ArgumentException">It is no transaction: a bug of whoever made it.</exception>
    internal void Check()
    {
        if (Key.Length is 0 or > MaxKeyLength)
        {
            throw new ArgumentException($"A key has 1 to {MaxKeyLength} characters.");
        }

        if (Entries.Length is < 2 or > MaxEntries || Entries.Any(entry => entry.Amount == 0m))
        {
            throw new ArgumentException($"Transaction {Key} needs 2 to {MaxEntries} entries, none of them zero.");
        }

        if (Entries.GroupBy(entry => entry.Account.Currency).FirstOrDefault(of => of.Sum(entry => entry.Amount) != 0m) is { } wrong)
        {
            throw new ArgumentException($"Transaction {Key} does not balance in {wrong.Key}: {wrong.Sum(entry => entry.Amount)} is left.");
        }
    }
}
