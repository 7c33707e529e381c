using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Credits;

/// <summary><c>GET …/credits/grants</c> and <c>GET …/credits/grants/{creditGrantId}</c>.</summary>
internal static class ReadCreditGrants
{
    private const string Root = "/api/v3/openmeter/customers/{customerId}/credits/grants";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Root, ListAsync).RequireScope(Scope.InvoicesRead)
            .WithName("list-credit-grants").WithSummary("List grants of credit").Produces<CreditGrantPage>();
        routes.MapGet(Root + "/{creditGrantId}", GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("get-credit-grant").WithSummary("Read a grant of credit").Produces<CreditGrantView>();
    }

    private static Task<IResult> GetAsync(string customerId, string creditGrantId, CreditDesk desk, CancellationToken cancellationToken) =>
        desk.ReadAsync(
            customerId,
            async (session, customer, now) => await CreditGrantRow.FindAsync(session, customer.Id, creditGrantId, cancellationToken) is { } grant
                ? Results.Ok(grant.ToView(now))
                : Problem.NotFound("credit grant", creditGrantId),
            cancellationToken);

    private static Task<IResult> ListAsync(
        string customerId, [FromQuery(Name = "page[size]")] int? size, [FromQuery(Name = "page[number]")] int? number,
        [FromQuery(Name = "filter[status]")] string? status, [FromQuery(Name = "filter[currency]")] string? currency,
        [FromQuery(Name = "filter[key]")] string? key, [FromQuery(Name = "filter[key][eq]")] string? keyIs, CreditDesk desk,
        CancellationToken cancellationToken)
    {
        if (CreditPaging.Check(size, number) is { } wrong)
        {
            return Task.FromResult(Problem.Invalid(wrong));
        }

        if (status is not (null or "pending" or "active" or "expired" or "voided"))
        {
            return Task.FromResult(Problem.Invalid("?filter[status]", "unknown_status", "A grant is pending, active, expired or voided."));
        }

        return desk.ReadAsync(
            customerId,
            async (session, customer, now) =>
            {
                var (pageSize, pageNumber) = (size ?? CreditPaging.DefaultSize, number ?? 1);
                var filter = new
                {
                    customer.Id, status, currency, key = key ?? keyIs, now, limit = pageSize, offset = (pageNumber - 1) * pageSize,
                };
                var rows = await session.QueryAsync<CreditGrantRow>(ListSql, filter, cancellationToken);
                var total = await session.SingleAsync<long>(CountSql, filter, cancellationToken);
                return Results.Ok(new CreditGrantPage(
                    [.. rows.Select(row => row.ToView(now))], new CreditGrantPageMeta(new CreditGrantPageNumber(pageNumber, pageSize, total))));
            },
            cancellationToken);
    }

    private const string WhereSql = """
         where g.customer_id = @Id
          and (@currency::text is null or g.currency = @currency)
          and (@key::text is null or g.key = @key)
          and (@status::text is null or @status = case
              when g.voided_at is not null then 'voided'
              when g.expires_at <= @now then 'expired'
              when g.effective_at > @now then 'pending'
              else 'active' end)
        """;

    private const string ListSql = CreditGrantRow.SelectSql + "\n" + WhereSql + "\norder by g.number\nlimit @limit offset @offset";

    private const string CountSql = "select count(*) from invoicing.credit_grant g\n" + WhereSql;

    private sealed record CreditGrantPage(ImmutableArray<CreditGrantView> Data, CreditGrantPageMeta Meta);

    private sealed record CreditGrantPageMeta(CreditGrantPageNumber Page);

    private sealed record CreditGrantPageNumber(int Number, int Size, long Total);
}
