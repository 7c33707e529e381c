using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>How a wallet is changed through the API: the customer is found and locked, and everything that follows is one transaction.</summary>
internal sealed class CreditDesk(MeteringDatabase database, CustomerReader customers, IClock clock)
{
    public async Task<IResult> ChangeAsync(
        string customerId, Func<DbSession, CustomerAccount, Instant, Task<IResult>> change, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await InvoiceStore.LockCustomerAsync(session, customer.Id, cancellationToken);
        return await change(session, customer, clock.GetCurrentInstant());
    }

    public async Task<IResult> ReadAsync(
        string customerId, Func<DbSession, CustomerAccount, Instant, Task<IResult>> read, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return await read(session, customer, clock.GetCurrentInstant());
    }
}
