using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary><c>GET /api/v1/billing/blocked-periods</c>: what could not be billed, and why; longest first.</summary>
internal static class ListBlockedPeriods
{
    public static void MapBlockedPeriods(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/billing/blocked-periods", HandleAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listBlockedPeriods").WithSummary("List periods that wait for a price").Produces<Page<BlockedPeriodView>>();

    private static async Task<IResult> HandleAsync(
        PageRequest page, [FromQuery] string[]? customers, MeteringDatabase database, CustomerReader customerReader,
        CancellationToken cancellationToken)
    {
        if (customers?.Length > ListInvoices.MaxCustomers)
        {
            return Problem.Invalid("?customers", "too_many", $"At most {ListInvoices.MaxCustomers} customers at a time.");
        }

        var ids = await ListInvoices.CustomerIdsAsync(customers, customerReader, cancellationToken);
        var filter = new { customers = ids.IsDefault ? null : ids.ToArray() };
        return await Page.OfAsync(
            database, page, ListSql, CountSql, filter, (BlockedPeriod.Row row) => BlockedPeriodView.Of(row.ToPeriod()), cancellationToken);
    }

    private const string FilterSql = """

        where @customers::uuid[] is null or b.customer_id = any(@customers)
        """;

    private const string ListSql = BlockedPeriod.SelectSql + FilterSql + """

        order by b.blocked_since, b.subscription_id
        """;

    private const string CountSql = "select count(*) from invoicing.blocked_period b" + FilterSql;
}

/// <summary>A period that is not closed although it has ended.</summary>
internal sealed record BlockedPeriodView(
    string SubscriptionId,
    string CustomerId,
    PlanView Plan,
    PeriodView Period,
    Instant BlockedSince,
    Instant LastTriedAt,
    int ReasonCount,
    ImmutableArray<BlockReasonView> Reasons)
{
    public static BlockedPeriodView Of(BlockedPeriod blocked) => new(
        PublicId.Format(blocked.SubscriptionId), PublicId.Format(blocked.CustomerId), PlanView.Of(blocked.Plan), PeriodView.Of(blocked.Period),
        blocked.Since, blocked.TriedAt, blocked.ReasonCount, [.. blocked.Reasons.Select(BlockReasonView.Of)]);
}
