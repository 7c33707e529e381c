using Metering.Invoicing.Ledger;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Ledger.Bench;

/// <summary>Invoices of many customers as they are posted: what is owed on one side, revenue and tax on the other. The same for every way.</summary>
internal sealed class Postings
{
    public const int EntriesEach = 3;
    private const int Customers = 10_000;
    public static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    private readonly LedgerAccount[] receivables;
    private readonly LedgerAccount[] revenues;
    private readonly LedgerAccount[] taxes;

    public Postings()
    {
        var seller = PublicId.New(Start);
        Guid[] customers = [.. Enumerable.Range(0, Customers).Select(_ => PublicId.New(Start))];
        receivables = [.. customers.Select(customer => new LedgerAccount(AccountKind.Receivable, Currency.Usd, seller, customer))];
        revenues = [.. customers.Select(customer => new LedgerAccount(AccountKind.Revenue, Currency.Usd, seller, customer))];
        taxes = [.. customers.Select(customer => new LedgerAccount(AccountKind.TaxPayable, Currency.Usd, seller, customer))];
    }

    public LedgerTransaction Make(long number)
    {
        // Neighbours are customers far apart, as those of a billing run are.
        var customer = (int)(number * 7_919 % Customers);
        var net = new Money(1m + (number % 10_000 * 0.01m), Currency.Usd);
        var tax = new Money((number % 500 * 0.01m) + 0.01m, Currency.Usd);
        var id = PublicId.New(Start);
        return new LedgerTransaction(
            $"invoice.issued:{number}", "invoice.issued", LedgerDocument.Invoice(id), receivables[customer].CustomerId, Start,
            [
                receivables[customer].Debit(net + tax, id), revenues[customer].Credit(net, id), taxes[customer].Credit(tax),
            ]);
    }
}
