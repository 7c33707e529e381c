using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// <c>GET /api/v3/openmeter/customers/{customerId}/credits/transactions</c>: every movement of credit, the latest first, by grant and by what it
/// paid.
/// </summary>
internal static class ListCreditTransactions
{
    private const string Root = "/api/v3/openmeter/customers/{customerId}/credits/transactions";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Root, ListAsync).RequireScope(Scope.InvoicesRead)
        .WithName("list-credit-transactions").WithSummary("List the movements of credit").Produces<TransactionPage>();

    private static Task<IResult> ListAsync(
        string customerId, [FromQuery(Name = "page[size]")] int? size, [FromQuery(Name = "page[after]")] string? after,
        [FromQuery(Name = "page[before]")] string? before, [FromQuery(Name = "filter[type]")] string? type,
        [FromQuery(Name = "filter[currency]")] string? currency, CreditDesk desk, CancellationToken cancellationToken)
    {
        if (Check(size, after, before, type) is { } wrong)
        {
            return Task.FromResult(Problem.Invalid(wrong));
        }

        return desk.ReadAsync(
            customerId,
            async (session, customer, _) =>
            {
                var limit = size ?? CreditPaging.DefaultSize;
                var parameters = new
                {
                    customer.Id, type, currency, limit = limit + 1, after = IdOf(after), before = IdOf(before),
                };
                var rows = await session.QueryAsync<TransactionRow>(before is null ? ForwardSql : BackwardSql, parameters, cancellationToken);
                var more = rows.Count > limit;
                ImmutableArray<TransactionView> data = [.. rows.Take(limit).Select(row => row.ToView())];
                data = before is null ? data : [.. data.Reverse()];
                var path = $"/api/v3/openmeter/customers/{PublicId.Format(customer.Id)}/credits/transactions?page%5Bsize%5D={limit}";
                var hasNext = !data.IsEmpty && (before is not null || more);
                var hasPrevious = !data.IsEmpty && (before is null ? after is not null : more);
                return Results.Ok(new TransactionPage(data, new TransactionMeta(new TransactionCursor(
                    limit, hasNext ? $"{path}&page%5Bafter%5D={data[^1].Id}" : null,
                    hasPrevious ? $"{path}&page%5Bbefore%5D={data[0].Id}" : null))));
            },
            cancellationToken);
    }

    private static FieldError? Check(int? size, string? after, string? before, string? type)
    {
        if (CreditPaging.Check(size) is { } wrong)
        {
            return wrong;
        }

        if (type is not (null or "funded" or "consumed" or "expired" or "voided"))
        {
            return new FieldError("?filter[type]", "unknown_type", "A movement is funded, consumed, expired or voided.");
        }

        return after is not null && before is not null
                ? new FieldError("?page[before]", "not_allowed", "A page is after one item or before one, not both.")
            : after is not null && IdOf(after) is null
                ? new FieldError("?page[after]", "invalid_cursor", "A cursor is taken from the answer before.")
            : before is not null && IdOf(before) is null
                ? new FieldError("?page[before]", "invalid_cursor", "A cursor is taken from the answer before.")
            : null;
    }

    private static Guid? IdOf(string? cursor) => PublicId.TryParse(cursor ?? "", out var id) ? id : null;

    private const string SelectSql = """
        select t.id, g.name, t.created_at as createdAt, t.booked_at as bookedAt, t.type, t.currency, t.amount_minor as amountMinor,
               t.balance_before as balanceBefore, t.balance_after as balanceAfter, t.grant_id as grantId, t.invoice_id as invoiceId,
               t.line_id as lineId
        from invoicing.credit_transaction t
        join invoicing.credit_grant g on g.id = t.grant_id
        where t.customer_id = @Id
          and (@type::text is null or t.type = @type)
          and (@currency::text is null or t.currency = @currency)
        """;

    private const string ForwardSql = SelectSql + """

          and (@after::uuid is null or t.number < (select number from invoicing.credit_transaction where id = @after and customer_id = @Id))
        order by t.number desc
        limit @limit
        """;

    private const string BackwardSql = SelectSql + """

          and t.number > (select number from invoicing.credit_transaction where id = @before and customer_id = @Id)
        order by t.number
        limit @limit
        """;

    private sealed record TransactionRow(
        Guid Id, string Name, Instant CreatedAt, Instant BookedAt, string Type, string Currency, long AmountMinor, long BalanceBefore,
        long BalanceAfter, Guid GrantId, Guid? InvoiceId, Guid? LineId)
    {
        public TransactionView ToView()
        {
            var currency = Rating.Currency.Parse(Currency);
            return new TransactionView(
                PublicId.Format(Id), Name, CreatedAt, BookedAt, Type, Currency, MinorUnits.ToMoney(AmountMinor, currency).Amount,
                new AvailableBalance(
                    MinorUnits.ToMoney(BalanceBefore, currency).Amount, MinorUnits.ToMoney(BalanceAfter, currency).Amount),
                PublicId.Format(GrantId), InvoiceId is { } invoice ? PublicId.Format(invoice) : null,
                LineId is { } line ? PublicId.Format(line) : null);
        }
    }

    /// <param name="Name">Of the grant.</param>
    /// <param name="GrantId">Additive, as are the two below: what moved, and what it paid.</param>
    private sealed record TransactionView(
        string Id,
        string Name,
        [property: JsonPropertyName("created_at")] Instant CreatedAt,
        [property: JsonPropertyName("booked_at")] Instant BookedAt,
        string Type,
        string Currency,
        [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
        [property: JsonPropertyName("available_balance")] AvailableBalance AvailableBalance,
        [property: JsonPropertyName("credit_grant_id")] string GrantId,
        [property: JsonPropertyName("invoice_id")] string? InvoiceId,
        [property: JsonPropertyName("invoice_line_id")] string? LineId);

    private sealed record AvailableBalance(
        [property: JsonConverter(typeof(NumericConverter))] decimal Before, [property: JsonConverter(typeof(NumericConverter))] decimal After);

    private sealed record TransactionPage(ImmutableArray<TransactionView> Data, TransactionMeta Meta);

    private sealed record TransactionMeta(TransactionCursor Page);

    private sealed record TransactionCursor(
        int Size,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Previous);
}
