using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>
/// <c>POST /api/v1/billing/customers/{customerId}/invoices/pending-lines</c>: lines that wait on the gathering invoice of their customer and
/// currency until they are due.
/// </summary>
internal static class CreatePendingLines
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/v1/billing/customers/{customerId}/invoices/pending-lines", HandleAsync).RequireScope(Scope.InvoicesWrite)
        .Audited("invoice.add_lines")
        .WithName("createPendingInvoiceLine").WithSummary("Add lines to a customer's next invoice").Produces<PendingLinesView>(201)
        .WithExample(
            """
            {"currency":"USD","lines":[
              {"name":"Setup","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"2026-02-01T00:00:00Z",
               "rateCard":{"price":{"type":"flat","amount":"100","paymentTerm":"in_arrears"}}}]}
            """);

    private static async Task<IResult> HandleAsync(
        string customerId, PendingLinesBody body, MeteringDatabase database, CustomerReader customers, FeatureReader features,
        GatheringInvoices gatherings, InvoiceEngine engine, IClock clock, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var errors = new FieldErrors();
        var currency = InvoiceCurrency.Check(body.Currency, errors);
        var checks = await LineChecks.OfAsync(
            body.Lines, await TaxCodes.LoadAsync(session, cancellationToken), features, errors, cancellationToken);
        var written = checks.Check(body.Lines, mayBeEmpty: false, isSimulation: false);
        foreach (var (i, _) in body.Lines.Index().Where(line => line.Item.Id is not null))
        {
            errors.Add($"/lines/{i}/id", "not_allowed", "A new line is given its id.");
        }

        if (errors.Any)
        {
            return errors.ToResult();
        }

        await InvoiceStore.LockCustomerAsync(session, customer.Id, cancellationToken);
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        var lines = written.Select(line => ManualLine.New(line, currency!, now)).ToImmutableArray();
        var rated = await engine.RateAsync(
            session, InvoiceComposition.Gathering(customer, profile, currency!, lines, now), now, cancellationToken);
        var (gathering, isNew) = await gatherings.AddAsync(
            session, customer, profile, currency!, rated.Invoice.Lines, now, cancellationToken);

        var ids = lines.Select(line => line.Id).ToHashSet();
        var view = new PendingLinesView(
            [.. gathering.Lines.Where(line => ids.Contains(line.Id)).Select(line => InvoiceLineView.Of(gathering, line))],
            InvoiceView.Of(gathering, withLines: true, now), isNew);
        await AuditTrail.RecordAsync(
            session, new AuditEntry("invoice.add_lines", view.Invoice.Id, now, null, view.Lines), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/billing/invoices/{view.Invoice.Id}", view), cancellationToken);
    }

    private sealed record PendingLinesBody(string Currency, ImmutableArray<LineBody> Lines);

    private sealed record PendingLinesView(ImmutableArray<InvoiceLineView> Lines, InvoiceView Invoice, bool IsInvoiceNew);
}
