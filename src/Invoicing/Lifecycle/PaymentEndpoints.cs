using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Ledger;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>
/// Money that came in: <c>POST</c> and <c>GET /api/v1/billing/invoices/{invoiceId}/payments</c>, and OpenMeter's
/// <c>POST /api/v1/apps/custom-invoicing/{invoiceId}/payment/status</c> for whoever collects payments elsewhere.
/// </summary>
internal static class PaymentEndpoints
{
    private const string Root = "/api/v1/billing/invoices/{invoiceId}/payments";
    private const int MaxReferenceLength = 256;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Root, PayAsync).RequireScope(Scope.InvoicesWrite).Audited("invoice.pay")
            .WithName("payInvoice").WithSummary("Enter a payment").Produces<InvoiceView>();
        routes.MapGet(Root, ListAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listInvoicePayments").WithSummary("List the payments of an invoice").Produces<Page<EnteredPaymentView>>();
        routes.MapPost("/api/v1/apps/custom-invoicing/{invoiceId}/payment/status", StatusAsync).RequireScope(Scope.InvoicesWrite)
            .Audited("invoice.pay", "invoice.payment_status")
            .WithName("appCustomInvoicingUpdatePaymentStatus").WithSummary("Tell what became of a payment that is collected elsewhere").Produces(204);
    }

    private static async Task<IResult> PayAsync(
        string invoiceId, PaymentBody body, IfMatch ifMatch, InvoiceDesk desk, CancellationToken cancellationToken)
    {
        if (body.Reference?.Length > MaxReferenceLength)
        {
            return Problem.Invalid("/reference", "out_of_range", $"At most {MaxReferenceLength} characters.");
        }

        return await desk.ActAsync(
            invoiceId, InvoiceAction.Pay, "invoice.pay", ifMatch, cancellationToken,
            prepare: (session, invoice, now) => EnterAsync(session, invoice, body, now, cancellationToken));
    }

    private static async Task<(Invoice? Prepared, IResult? Refusal)> EnterAsync(
        DbSession session, Invoice invoice, PaymentBody body, Instant now, CancellationToken cancellationToken)
    {
        var amount = body.Amount ?? invoice.Outstanding.Amount;
        if (amount <= 0m || amount % invoice.Currency.MinorUnit != 0m)
        {
            return (null, Problem.Invalid(
                "/amount", "not_payable",
                $"An amount is above zero and has at most {invoice.Currency.MinorUnitDigits} decimals in {invoice.Currency}."));
        }

        var paid = new Money(amount, invoice.Currency);
        if (paid > invoice.Outstanding)
        {
            return (null, Problem.Invalid("/amount", "more_than_owed", $"{invoice.Outstanding} is owed."));
        }

        if (body.PaidAt > now)
        {
            return (null, Problem.Invalid("/paidAt", "in_the_future", "A payment has come in when it is entered."));
        }

        var parameters = new
        {
            id = PublicId.New(now), invoiceId = invoice.Id, amountMinor = MinorUnits.Of(paid), paidAt = body.PaidAt ?? now, body.Reference, now,
        };
        await session.ExecuteAsync(InsertSql, parameters, cancellationToken);
        await InvoiceBooks.PayAsync(session, invoice, parameters.id, paid, parameters.paidAt, now, cancellationToken);
        return (invoice with { Paid = invoice.Paid + paid }, null);
    }

    private static async Task<IResult> ListAsync(
        string invoiceId, PageRequest page, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await InvoiceReader.FindAsync(session, invoiceId, withDeletedLines: false, cancellationToken) is { } invoice
            ? await Page.OfAsync(
                session, page, ListSql, "select count(*) from invoicing.payment where invoice_id = @Id", new { invoice.Id },
                (PaymentRow row) => row.ToView(invoice.Currency), cancellationToken)
            : Problem.NotFound("invoice", invoiceId);
    }

    private static Task<IResult> StatusAsync(
        string invoiceId, PaymentStatusBody body, IfMatch ifMatch, InvoiceDesk desk, CancellationToken cancellationToken)
    {
        var action = body.Trigger switch
        {
            "paid" => InvoiceAction.Pay,
            "payment_failed" => InvoiceAction.PaymentFailed,
            "payment_uncollectible" => InvoiceAction.WriteOff,
            "payment_overdue" => InvoiceAction.MarkOverdue,
            "action_required" => InvoiceAction.PaymentNeedsAction,
            "void" => InvoiceAction.Void,
            _ => (InvoiceAction?)null,
        };
        return action switch
        {
            null => Task.FromResult(Problem.Invalid(
                "/trigger", "unknown_trigger",
                "A trigger is paid, payment_failed, payment_uncollectible, payment_overdue, action_required or void.")),
            InvoiceAction.Pay => desk.ActAsync(
                invoiceId, InvoiceAction.Pay, "invoice.pay", ifMatch, cancellationToken,
                prepare: (session, invoice, now) => EnterAsync(session, invoice, new PaymentBody(), now, cancellationToken),
                answer: _ => Results.NoContent()),
            InvoiceAction.Void => desk.ActAsync(
                invoiceId, InvoiceAction.Void, "invoice.payment_status", ifMatch, cancellationToken,
                prepare: (_, invoice, _) => Task.FromResult<(Invoice?, IResult?)>(
                    (invoice with { VoidReason = "Voided by whoever collects the payment." }, null)),
                answer: _ => Results.NoContent()),
            { } other => desk.ActAsync(
                invoiceId, other, "invoice.payment_status", ifMatch, cancellationToken, answer: _ => Results.NoContent()),
        };
    }

    private const string InsertSql = """
        insert into invoicing.payment (id, invoice_id, amount_minor, paid_at, reference, created_at)
        values (@id, @invoiceId, @amountMinor, @paidAt, @Reference, @now)
        """;

    private const string ListSql = """
        select id, amount_minor as amountMinor, paid_at as paidAt, reference, created_at as createdAt
        from invoicing.payment
        where invoice_id = @Id
        order by number
        """;

    /// <param name="Amount">All that is owed when absent.</param>
    private sealed record PaymentBody(
        [property: JsonConverter(typeof(NumericConverter))] decimal? Amount = null, Instant? PaidAt = null, string? Reference = null);

    private sealed record PaymentStatusBody(string Trigger);

    private sealed record PaymentRow(Guid Id, long AmountMinor, Instant PaidAt, string? Reference, Instant CreatedAt)
    {
        public EnteredPaymentView ToView(Currency currency) => new(
            PublicId.Format(Id), MinorUnits.ToMoney(AmountMinor, currency).Amount, currency.Code, PaidAt, Reference, CreatedAt);
    }

    private sealed record EnteredPaymentView(
        string Id, [property: JsonConverter(typeof(NumericConverter))] decimal Amount, string Currency, Instant PaidAt, string? Reference,
        Instant CreatedAt);
}
