using Metering.Invoicing.Ledger;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// What a wallet means in money. Credit is owed to the customer by whoever sells to them, so its accounts name no seller; what it pays is a
/// receivable of the seller of the document. Pure.
/// </summary>
internal static class CreditPosting
{
    private const string SettledKind = "credit.settled";

    /// <param name="id">Of the movement.</param>
    /// <param name="price">What is paid for the whole grant, when it becomes effective.</param>
    /// <param name="billingProfileId">The seller of the document that is paid.</param>
    public static LedgerTransaction Of(
        CreditMovement movement, Guid id, Guid customerId, bool isPaid, Money price, Guid? billingProfileId)
    {
        var credit = Account(isPaid ? AccountKind.CustomerCreditPaid : AccountKind.CustomerCreditPromotional, movement.Amount, customerId);
        var grant = movement.GrantId;
        var less = -movement.Amount;
        LedgerEntry[] entries = movement.Type switch
        {
            CreditMovementType.Funded =>
            [
                credit.Credit(movement.Amount, grant),
                Account(AccountKind.CreditPurchases, price, customerId).Debit(price, grant),
                Account(AccountKind.PromotionExpense, price, customerId).Debit(movement.Amount - price, grant),
            ],
            CreditMovementType.Consumed =>
            [
                credit.Debit(less, grant),
                new LedgerAccount(AccountKind.Receivable, less.Currency, billingProfileId, customerId).Credit(less, movement.LineId),
            ],
            CreditMovementType.Expired or CreditMovementType.Voided =>
            [
                credit.Debit(less, grant),
                Account(isPaid ? AccountKind.Breakage : AccountKind.PromotionExpense, less, customerId).Credit(less, grant),
            ],
        };
        var document = movement.InvoiceId is { } invoice ? LedgerDocument.Invoice(invoice) : null;
        var kind = $"credit.{CreditStore.NameOf(movement.Type)}";
        return new LedgerTransaction(
            $"{kind}:{id}", kind, document, customerId, movement.BookedAt, [.. entries.Where(entry => entry.Amount != 0m)]);
    }

    /// <summary>Credit that is paid for elsewhere was paid for.</summary>
    public static LedgerTransaction Settled(Guid grantId, Guid customerId, Money price, Instant at) => new(
        $"{SettledKind}:{PublicId.New(at)}", SettledKind, null, customerId, at,
        [
            Account(AccountKind.CashClearing, price, customerId).Debit(price, grantId),
            Account(AccountKind.CreditPurchases, price, customerId).Credit(price, grantId),
        ]);

    private static LedgerAccount Account(AccountKind kind, Money amount, Guid customerId) => new(kind, amount.Currency, null, customerId);
}
