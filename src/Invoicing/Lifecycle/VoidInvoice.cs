using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Profiles;
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

namespace Metering.Invoicing.Lifecycle;

/// <summary>
/// <c>POST /api/v1/billing/invoices/{invoiceId}/void</c>: the document keeps its number and says why it no longer counts. Its lines wait to be
/// billed again, or are let go.
/// </summary>
internal static class VoidInvoice
{
    private const int MaxReasonLength = 1_024;
    private const decimal Whole = 100m;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/billing/invoices/{invoiceId}/void", VoidAsync).RequireScope(Scope.InvoicesWrite).Audited("invoice.void")
            .WithName("voidInvoiceAction").WithSummary("Void an issued invoice").Produces<InvoiceView>();

    private static async Task<IResult> VoidAsync(
        string invoiceId, VoidBody body, IfMatch ifMatch, InvoiceDesk desk, GatheringInvoices gatherings, CustomerReader customers,
        CancellationToken cancellationToken)
    {
        if (Check(body) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        return await desk.ActAsync(
            invoiceId, InvoiceAction.Void, "invoice.void", ifMatch, cancellationToken,
            prepare: (_, invoice, _) => Task.FromResult(Prepare(invoice, body)),
            afterwards: (session, invoice, now) => ReleaseAsync(session, invoice, body, gatherings, customers, now, cancellationToken));
    }

    private static (Invoice? Prepared, IResult? Refusal) Prepare(Invoice invoice, VoidBody body)
    {
        foreach (var (i, item) in (body.Overrides ?? []).Index())
        {
            if (!PublicId.TryParse(item.LineId, out var id) || invoice.Lines.All(line => line.Id != id))
            {
                return (null, Problem.Invalid($"/overrides/{i}/lineId", "unknown_line", "The invoice has no such line."));
            }
        }

        return invoice.Paid.IsZero
            ? (invoice with { VoidReason = body.Reason }, null)
            : (null, Problem.Of(
                ProblemType.ActionNotAvailable, $"{invoice.Paid} was paid on the invoice; a document that was paid in part is not voided."));
    }

    /// <summary>Lines that go back wait under new ids: the voided document keeps its own.</summary>
    private static async Task ReleaseAsync(
        DbSession session, Invoice voided, VoidBody body, GatheringInvoices gatherings, CustomerReader customers, Instant now,
        CancellationToken cancellationToken)
    {
        var overrides = (body.Overrides ?? []).ToDictionary(item => item.LineId, item => item.Action.Action, StringComparer.OrdinalIgnoreCase);
        ImmutableArray<InvoiceLine> pending =
        [
            .. voided.Lines
                .Select(line => (Line: line, Action: overrides.GetValueOrDefault(PublicId.Format(line.Id), body.Action.Action)))
                .Where(one => one.Action.Type == LineAction.Pending)
                .Select(one => one.Line with
                {
                    Id = PublicId.New(now), Replaces = one.Line.Id, InvoiceAt = one.Action.NextInvoiceAt ?? now, CreatedAt = now, UpdatedAt = now,
                }),
        ];
        var waiting = pending.Select(line => line.Replaces).ToHashSet();
        await BilledServices.ForgiveAsync(session, voided.Lines.Where(line => !waiting.Contains(line.Id)), cancellationToken);
        if (pending.IsEmpty)
        {
            return;
        }

        var customer = await customers.FindAsync(voided.Customer.Id, cancellationToken)
            ?? throw new InvalidOperationException($"Invoice {voided.Id} is one of customer {voided.Customer.Id}, who does not exist.");
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        await gatherings.AddAsync(session, customer, profile, voided.Currency, pending, now, cancellationToken);
    }

    private static FieldErrors Check(VoidBody body)
    {
        var errors = new FieldErrors();
        errors.AddIf(
            string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Length > MaxReasonLength, "/reason", "out_of_range",
            $"A reason has 1 to {MaxReasonLength} characters; the document shows it.");
        CheckAction(body.Action, "/action", errors);
        foreach (var (i, item) in (body.Overrides ?? []).Index())
        {
            CheckAction(item.Action, $"/overrides/{i}/action", errors);
        }

        var ids = (body.Overrides ?? []).Select(item => item.LineId).ToArray();
        errors.AddIf(
            ids.Distinct(StringComparer.OrdinalIgnoreCase).Count() < ids.Length, "/overrides", "duplicate", "A line is named once.");
        return errors;
    }

    private static void CheckAction(VoidAction action, string pointer, FieldErrors errors)
    {
        errors.AddIf(
            action.Percentage != Whole, $"{pointer}/percentage", "not_whole",
            "A document is voided as a whole: 100. To take back a part, issue the lines anew with other amounts.");
        errors.AddIf(
            action.Action.Type is not (LineAction.Pending or LineAction.Discard), $"{pointer}/action/type", "unknown_action",
            "The lines of a voided invoice are pending again, or discard.");
        errors.AddIf(
            action.Action is { Type: LineAction.Discard, NextInvoiceAt: not null }, $"{pointer}/action/nextInvoiceAt", "not_allowed",
            "What is discarded is not invoiced again.");
    }

    private sealed record VoidBody(VoidAction Action, string Reason, ImmutableArray<LineOverride>? Overrides = null);

    private sealed record VoidAction(decimal Percentage, LineAction Action);

    private sealed record LineOverride(string LineId, VoidAction Action);

    private sealed record LineAction(string Type, Instant? NextInvoiceAt = null)
    {
        public const string Pending = "pending";
        public const string Discard = "discard";
    }
}
