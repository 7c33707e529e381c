using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>
/// The one gathering invoice of a customer and currency. It is there as long as lines wait on it; whoever changes it holds the customer's lock.
/// </summary>
public sealed class GatheringInvoices(InvoiceEngine engine)
{
    internal static Task<Invoice?> FindAsync(DbSession session, Guid customerId, Currency currency, CancellationToken cancellationToken) =>
        InvoiceRow.FindAsync(
            session, "i.customer_id = @customerId and i.currency = @code and i.state = 'gathering'", new { customerId, code = currency.Code },
            withDeletedLines: false, cancellationToken);

    /// <summary>The lines that are collected by then.</summary>
    internal static ImmutableArray<InvoiceLine> DueBy(Invoice gathering, Instant instant) =>
        [.. gathering.Lines.Where(line => gathering.Workflow.CollectedFrom(line.InvoiceAt) <= instant)];

    /// <summary>Puts lines where they wait for their time.</summary>
    /// <returns>The gathering invoice with its new lines, and whether there was none before.</returns>
    internal async Task<(Invoice Gathering, bool IsNew)> AddAsync(
        DbSession session, CustomerAccount customer, BillingProfile profile, Currency currency, ImmutableArray<InvoiceLine> lines, Instant now,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(session, customer.Id, currency, cancellationToken) is not { } known)
        {
            var opened = InvoiceComposition.Gathering(customer, profile, currency, lines, now);
            return (await SaveAsync(session, opened, now, cancellationToken), true);
        }

        var longer = known.WithLines([.. known.Lines, .. lines]) with
        {
            Workflow = profile.Workflow,
            BillingProfileId = profile.Id,
            Supplier = profile.Supplier,
            Customer = InvoiceCustomer.Of(customer),
        };
        return (await SaveAsync(session, longer, now, cancellationToken), false);
    }

    /// <summary>Takes lines off that were stored on a draft before.</summary>
    internal async Task LeaveAsync(
        DbSession session, Invoice gathering, ImmutableArray<InvoiceLine> gone, Instant now, CancellationToken cancellationToken)
    {
        var ids = gone.Select(line => line.Id).ToHashSet();
        await SaveAsync(session, gathering.WithLines(gathering.Lines.RemoveAll(line => ids.Contains(line.Id))), now, cancellationToken);
    }

    /// <summary>With the figures of its lines as they are; without lines it is gone.</summary>
    internal async Task<Invoice> SaveAsync(DbSession session, Invoice gathering, Instant now, CancellationToken cancellationToken)
    {
        var taxed = await engine.TaxAsync(gathering, [], now, cancellationToken) with { UpdatedAt = now, Issues = [] };
        var saved = taxed.Lines.IsEmpty
            ? taxed with { State = InvoiceState.Deleted, DeletedAt = now, NextActionAt = null }
            : taxed with { NextActionAt = InvoiceEngine.NextActionOf(taxed, now) };
        await InvoiceStore.SaveAsync(session, saved, gathering with { State = InvoiceState.Gathering }, cancellationToken);
        return saved;
    }
}
