using Metering.Rating;

namespace Metering.Invoicing.Ledger;

/// <summary>An account is there as soon as something is posted to it.</summary>
/// <param name="BillingProfileId">Whose books: the seller. Null only where no seller is meant.</param>
/// <param name="CustomerId">Null for what belongs to no customer. An account of all customers is a row that all of them wait for.</param>
public sealed record LedgerAccount(AccountKind Kind, Currency Currency, Guid? BillingProfileId, Guid? CustomerId)
{
    /// <summary>The account's name in the database, and what its hash is made of.</summary>
    internal string Path => $"{Kind.NameOf()}/{Currency.Code}/{Text(BillingProfileId)}/{Text(CustomerId)}";

    /// <param name="sourceId">What the entry is about: a line, a grant, a payment.</param>
    /// <returns>An entry on the debit side; of a negative amount on the credit side.</returns>
    public LedgerEntry Debit(Money amount, Guid? sourceId = null) => new(this, In(amount), sourceId);

    /// <inheritdoc cref="Debit"/>
    /// <returns>An entry on the credit side; of a negative amount on the debit side.</returns>
    public LedgerEntry Credit(Money amount, Guid? sourceId = null) => new(this, -In(amount), sourceId);

    private decimal In(Money amount) => amount.Currency == Currency
        ? amount.Amount
        : throw new ArgumentException($"{amount} is not posted to an account in {Currency}.", nameof(amount));

    private static string Text(Guid? id) => id?.ToString() ?? "-";
}
