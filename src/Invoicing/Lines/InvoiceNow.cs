using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>
/// <c>POST /api/v1/billing/invoices/invoice</c>: drafts of what is due, and with progressive billing of the usage so far, before the period ends.
/// </summary>
internal static class InvoiceNow
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/v1/billing/invoices/invoice", HandleAsync).RequireScope(Scope.InvoicesWrite).Audited("invoice.create")
        .WithName("invoicePendingLinesAction").WithSummary("Invoice a customer now").Produces<InvoiceView[]>(201);

    private static async Task<IResult> HandleAsync(
        InvoiceNowBody body, MeteringDatabase database, CustomerReader customers, EarlyDrafting drafting, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var errors = new FieldErrors();
        var customer = await customers.FindAsync(body.CustomerId, cancellationToken);
        errors.AddIf(customer is null, "/customerId", "unknown_customer", "There is no such customer.");
        errors.AddIf(body.AsOf > now, "/asOf", "in_the_future", "An invoice is made of what has happened.");
        var lineIds = LineIds(body, errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        await using var session = await database.BeginAsync(cancellationToken);
        await InvoiceStore.LockCustomerAsync(session, customer!.Id, cancellationToken);
        var request = new EarlyInvoice(customer, body.AsOf ?? now, lineIds, body.ProgressiveBillingOverride);
        var (invoices, unknown) = await drafting.DraftAsync(session, request, now, cancellationToken);
        if (!unknown.IsEmpty)
        {
            return Problem.Invalid(
                [.. unknown.Select(id => new FieldError(
                    $"/filters/lineIds/{lineIds!.Value.IndexOf(id)}", "unknown_line",
                    "No such line waits for this customer, or it has nothing to bill yet."))]);
        }

        if (invoices.IsEmpty)
        {
            return Problem.Invalid("", "nothing_to_invoice", "Nothing is due, and no usage can be billed before its period ends.");
        }

        var views = invoices.Select(invoice => InvoiceView.Of(invoice, withLines: true, now)).ToImmutableArray();
        foreach (var view in views)
        {
            await AuditTrail.RecordAsync(session, new AuditEntry("invoice.create", view.Id, now, null, view), cancellationToken);
        }

        return await session.CommitAsync(Results.Json(views, statusCode: StatusCodes.Status201Created), cancellationToken);
    }

    private static ImmutableArray<Guid>? LineIds(InvoiceNowBody body, FieldErrors errors)
    {
        if (body.Filters?.LineIds is not { } texts)
        {
            return null;
        }

        errors.AddIf(texts.IsEmpty, "/filters/lineIds", "required", "A filter names at least one line.");
        errors.AddIf(texts.Length > LineChecks.MaxLines, "/filters/lineIds", "too_many", $"At most {LineChecks.MaxLines} lines at a time.");
        var ids = ImmutableArray.CreateBuilder<Guid>();
        foreach (var (i, text) in texts.Take(LineChecks.MaxLines).Index())
        {
            errors.AddIf(!PublicId.TryParse(text, out var id), $"/filters/lineIds/{i}", "invalid_id", "An id has 26 characters.");
            ids.Add(id);
        }

        return ids.ToImmutable();
    }

    private sealed record InvoiceNowBody(
        string CustomerId, Instant? AsOf = null, InvoiceNowFilters? Filters = null, bool? ProgressiveBillingOverride = null);

    private sealed record InvoiceNowFilters(ImmutableArray<string>? LineIds = null);
}
