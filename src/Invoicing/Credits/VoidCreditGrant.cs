using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Ledger;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// <c>POST …/credits/grants/{creditGrantId}/void</c>: what is left is forfeited, what it has paid stays paid; and <c>…/settlement/external</c>: how
/// far a payment has come that is collected elsewhere.
/// </summary>
internal static class VoidCreditGrant
{
    private const string Root = "/api/v3/openmeter/customers/{customerId}/credits/grants/{creditGrantId}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Root + "/void", VoidOneAsync).RequireScope(Scope.InvoicesWrite).Audited("credit_grant.void")
            .WithName("void-credit-grant").WithSummary("Void a grant of credit").Produces<CreditGrantView>();
        routes.MapPost(Root + "/settlement/external", SettleAsync).RequireScope(Scope.InvoicesWrite).Audited("credit_grant.settle")
            .WithName("update-credit-grant-external-settlement").WithSummary("Tell what became of the payment for credit")
            .Produces<CreditGrantView>();
    }

    private static Task<IResult> VoidOneAsync(
        string customerId, string creditGrantId, VoidBody? body, CreditDesk desk, CancellationToken cancellationToken) =>
        body?.PaymentAdjustment is not (null or CreditGrantRow.None)
            ? Task.FromResult(Problem.Invalid("/payment_adjustment", "unknown_adjustment", "Voiding adjusts no payment: none."))
            : desk.ChangeAsync(
                customerId,
                (session, customer, now) => VoidAsync(session, customer, creditGrantId, now, cancellationToken),
                cancellationToken);

    private static async Task<IResult> VoidAsync(
        DbSession session, CustomerAccount customer, string grantId, Instant now, CancellationToken cancellationToken)
    {
        if (await CreditGrantRow.FindAsync(session, customer.Id, grantId, cancellationToken) is not { } grant)
        {
            return Problem.NotFound("credit grant", grantId);
        }

        if (grant.VoidedAt is not null)
        {
            return Results.Ok(grant.ToView(now));
        }

        var currency = Currency.Parse(grant.Currency);
        var book = await CreditStore.LoadAsync(session, customer.Id, currency, cancellationToken, grant.Id);
        book.SettleUntil(now);
        if (grant.StatusAt(now) != "active" || book.Find(grant.Id).Remaining.IsZero)
        {
            var why = grant.StatusAt(now) == "active" ? "used up" : grant.StatusAt(now);
            return Problem.Of(ProblemType.Conflict, $"The grant is {why}; only what is left of an active one is voided.");
        }

        book.Void(grant.Id, now);
        await CreditStore.SaveAsync(session, customer.Id, book, now, cancellationToken);
        return await AnswerAsync(session, grant, "credit_grant.void", now, cancellationToken);
    }

    private static Task<IResult> SettleAsync(
        string customerId, string creditGrantId, SettlementBody body, CreditDesk desk, CancellationToken cancellationToken) =>
        body.Status is not ("pending" or "authorized" or "settled")
            ? Task.FromResult(Problem.Invalid("/status", "unknown_status", "A payment is pending, authorized or settled."))
            : desk.ChangeAsync(
                customerId,
                async (session, customer, now) =>
                {
                    if (await CreditGrantRow.FindAsync(session, customer.Id, creditGrantId, cancellationToken) is not { } grant)
                    {
                        return Problem.NotFound("credit grant", creditGrantId);
                    }

                    if (grant.FundingMethod != CreditGrantRow.External)
                    {
                        return Problem.Invalid("/status", "not_external", $"The grant is funded by {grant.FundingMethod}, not elsewhere.");
                    }

                    await session.ExecuteAsync(SettleSql, new { grant.Id, body.Status, now }, cancellationToken);
                    if ((grant.SettlementStatus == Settled) != (body.Status == Settled))
                    {
                        // Who settles and takes it back has posted both.
                        var price = MinorUnits.ToMoney(grant.PurchaseMinor ?? 0, Currency.Parse(grant.Currency));
                        var posted = CreditPosting.Settled(grant.Id, customer.Id, body.Status == Settled ? price : -price, now);
                        await GeneralLedger.PostAsync(session, [posted], now, cancellationToken);
                    }

                    return await AnswerAsync(session, grant, "credit_grant.settle", now, cancellationToken);
                },
                cancellationToken);

    private static async Task<IResult> AnswerAsync(
        DbSession session, CreditGrantRow before, string action, Instant now, CancellationToken cancellationToken)
    {
        var was = before.ToView(now);
        var view = (await CreditGrantRow.FindAsync(session, before.CustomerId, was.Id, cancellationToken))!.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry(action, view.Id, now, was, view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view), cancellationToken);
    }

    private const string Settled = "settled";

    private const string SettleSql = "update invoicing.credit_grant set settlement_status = @Status, updated_at = @now where id = @Id";

    private sealed record VoidBody([property: JsonPropertyName("payment_adjustment")] string? PaymentAdjustment = null);

    private sealed record SettlementBody(string Status);
}
