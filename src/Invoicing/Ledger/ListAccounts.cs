using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Ledger;

/// <summary><c>GET /api/v1/ledger/accounts</c>: accounts and what stands on them, now or before an instant.</summary>
internal static class ListAccounts
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/ledger/accounts", ListAsync).RequireScope(Scope.LedgerRead)
            .WithName("listLedgerAccounts").WithSummary("List accounts with their balances").Produces<Page<LedgerAccountView>>();

    /// <param name="customer">Id or key.</param>
    /// <param name="asOf">What took effect before; now when absent.</param>
    private static async Task<IResult> ListAsync(
        PageRequest page, string? kind, string? currency, string? customer, string? asOf, MeteringDatabase database, CustomerReader customers,
        CancellationToken cancellationToken)
    {
        if (kind is not null && AccountKinds.TryParse(kind) is null)
        {
            var kinds = string.Join(", ", Enum.GetValues<AccountKind>().Select(one => one.NameOf()));
            return Problem.Invalid("?kind", "unknown_kind", $"A kind is one of {kinds}.");
        }

        if (InstantConverter.TryReadParameter("asOf", asOf, out var before) is { } noInstant)
        {
            return Problem.Invalid(noInstant);
        }

        Guid? customerId = null;
        if (customer is not null)
        {
            if (await customers.FindAsync(customer, cancellationToken) is not { } found)
            {
                return Problem.NotFound("customer", customer);
            }

            customerId = found.Id;
        }

        var filter = new { kind, currency, customerId, before };
        return await Page.OfAsync(
            database, page, ListSql, "select count(*) from invoicing.ledger_account a " + FilterSql, filter, (AccountRow row) => row.ToView(),
            cancellationToken);
    }

    private const string FilterSql = """
        where (@kind::text is null or a.kind = @kind)
          and (@currency::text is null or a.currency = @currency)
          and (@customerId::uuid is null or a.customer_id = @customerId)
        """;

    private const string ListSql = $"""
        select a.path, a.kind, k.class, a.currency, a.billing_profile_id as billingProfileId, a.customer_id as customerId, sums.debit, sums.credit
        from invoicing.ledger_account a
        join invoicing.ledger_account_kind k on k.kind = a.kind
        cross join lateral (
            select coalesce(sum(e.amount) filter (where e.amount > 0), 0) as debit, coalesce(-sum(e.amount) filter (where e.amount < 0), 0) as credit
            from invoicing.ledger_entry e
            where e.account_id = a.id and (@before::timestamptz is null or e.effective_at < @before)) as sums
        {FilterSql}
        order by a.path
        """;

    private sealed record AccountRow(
        string Path, string Kind, string Class, string Currency, Guid? BillingProfileId, Guid? CustomerId, decimal Debit, decimal Credit)
    {
        public LedgerAccountView ToView() => new(
            Path, Kind, Class, Currency, BillingProfileId is { } profile ? PublicId.Format(profile) : null,
            CustomerId is { } customer ? PublicId.Format(customer) : null, Debit, Credit, Debit - Credit);
    }
}
