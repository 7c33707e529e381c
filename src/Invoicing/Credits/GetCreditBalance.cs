using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// <c>GET /api/v3/openmeter/customers/{customerId}/credits/balance</c>: by currency what is booked, what is promised for later, and, of now only,
/// what charges that are under way leave of it.
/// </summary>
internal sealed class GetCreditBalance(CreditDesk desk, UpcomingReader upcoming)
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(
        "/api/v3/openmeter/customers/{customerId}/credits/balance",
        (string customerId, string? timestamp, [FromQuery(Name = "filter[currency]")] string? currency,
            [FromQuery(Name = "filter[feature_key]")] string? feature, [FromQuery(Name = "filter[feature_key][eq]")] string? featureIs,
            [FromQuery(Name = "filter[feature_key][exists]")] bool? hasFeature, GetCreditBalance slice, CancellationToken cancellationToken) =>
            timestamp is null || InstantConverter.TryParse(timestamp, out _)
                ? slice.HandleAsync(
                    customerId, InstantOf(timestamp), new Filter(currency, feature ?? featureIs, hasFeature == false), cancellationToken)
                : Task.FromResult(Problem.Invalid("?timestamp", "invalid_value", "The value has the wrong type or format.")))
        .RequireScope(Scope.InvoicesRead)
        .WithName("get-customer-credit-balance").WithSummary("Read a customer's credit").Produces<CreditBalances>();

    private static Instant? InstantOf(string? text) => InstantConverter.TryParse(text ?? "", out var instant) ? instant : null;

    private Task<IResult> HandleAsync(string customerId, Instant? timestamp, Filter filter, CancellationToken cancellationToken) => desk.ReadAsync(
        customerId,
        async (session, customer, now) =>
        {
            if (timestamp > now)
            {
                return Problem.Invalid("?timestamp", "in_the_future", "Balances are known up to now.");
            }

            var balances = ImmutableArray.CreateBuilder<CreditBalance>();
            foreach (var code in await session.QueryAsync<string>(CurrenciesSql, new { customer.Id, filter.Currency }, cancellationToken))
            {
                balances.Add(await OfAsync(session, customer, Currency.Parse(code), timestamp, filter, now, cancellationToken));
            }

            return Results.Ok(new CreditBalances(timestamp ?? now, balances.ToImmutable()));
        },
        cancellationToken);

    private async Task<CreditBalance> OfAsync(
        DbSession session, CustomerAccount customer, Currency currency, Instant? timestamp, Filter filter, Instant now,
        CancellationToken cancellationToken)
    {
        // What is due by then and not booked yet is booked in memory: an answer does not depend on when the books were last written.
        var at = timestamp ?? now;
        var book = await CreditStore.LoadAsync(session, customer.Id, currency, cancellationToken);
        var grants = await session.QueryAsync<GrantAt>(
            AtSql, new { customer.Id, code = currency.Code, at, filter.Feature, filter.OnlyUnrestricted }, cancellationToken);
        book.SettleUntil(at);
        var unwritten = book.Movements.ToLookup(movement => movement.GrantId, movement => movement.Amount.Amount);
        var settled = grants.Sum(grant => MinorUnits.ToMoney(grant.BookedMinor, currency).Amount + unwritten[grant.Id].Sum());
        var pending = grants.Where(grant => grant.IsPending).Sum(grant => MinorUnits.ToMoney(grant.AmountMinor, currency).Amount);
        if (timestamp is not null)
        {
            return new CreditBalance(currency.Code, 0m, settled, pending);
        }

        var usable = grants.Select(grant => grant.Id).ToHashSet();
        var owed = await OwedAsync(session, customer, currency, now, cancellationToken);
        var used = book.Preview(owed, now).Where(use => usable.Contains(use.Grant.Id)).Sum(use => use.Amount.Amount);
        return new CreditBalance(currency.Code, settled - used, settled, pending);
    }

    /// <summary>Drafts and what waits, then the cost so far of what runs, in the order in which they will be billed.</summary>
    private async Task<ImmutableArray<CreditableLine>> OwedAsync(
        DbSession session, CustomerAccount customer, Currency currency, Instant now, CancellationToken cancellationToken)
    {
        var waiting = await session.QueryAsync<WaitingLine>(WaitingSql, new { customer.Id, code = currency.Code }, cancellationToken);
        var running = await upcoming.OfCustomerAsync(customer, now, cancellationToken);
        return
        [
            .. waiting.Select(line => new CreditableLine(line.Id, line.FeatureKey, MinorUnits.ToMoney(line.AmountMinor, currency))),
            .. running.Where(cost => cost.Subscription.Currency == currency).SelectMany(cost => cost.Lines)
                .Select(line => new CreditableLine(line.Id, line.FeatureKey, line.Amount)),
        ];
    }

    private const string CurrenciesSql = """
        select distinct currency
        from invoicing.credit_grant
        where customer_id = @Id and (@Currency::text is null or currency = @Currency)
        order by currency
        """;

    private const string AtSql = """
        select g.id, g.amount_minor as amountMinor, g.effective_at > @at and (g.voided_at is null or g.voided_at > @at) as isPending,
               coalesce((select sum(t.amount_minor) from invoicing.credit_transaction t where t.grant_id = g.id and t.booked_at <= @at), 0)::bigint
                   as bookedMinor
        from invoicing.credit_grant g
        where g.customer_id = @Id
          and g.currency = @code
          and g.created_at <= @at
          and (@Feature::text is null or g.features = '{}' or @Feature = any(g.features))
          and (not @OnlyUnrestricted or g.features = '{}')
        """;

    private const string WaitingSql = """
        select l.id, l.feature_key as featureKey, l.amount_minor as amountMinor
        from invoicing.invoice i
        join invoicing.invoice_line l on l.invoice_id = i.id
        where i.customer_id = @Id
          and i.currency = @code
          and (i.state = 'gathering' or i.state like 'draft.%')
          and i.deleted_at is null
          and l.deleted_at is null
          and l.rate_card_key not like 'credit.%'
        order by i.created_at, l.position
        """;

    private sealed record Filter(string? Currency, string? Feature, bool OnlyUnrestricted);

    private sealed record GrantAt(Guid Id, long AmountMinor, bool IsPending, long BookedMinor);

    private sealed record WaitingLine(Guid Id, string? FeatureKey, long AmountMinor);

    private sealed record CreditBalances(
        [property: JsonPropertyName("retrieved_at")] Instant RetrievedAt, ImmutableArray<CreditBalance> Balances);

    /// <param name="Live">What is settled, less what charges that are under way will take.</param>
    private sealed record CreditBalance(
        string Currency,
        [property: JsonConverter(typeof(NumericConverter))] decimal Live,
        [property: JsonConverter(typeof(NumericConverter))] decimal Settled,
        [property: JsonConverter(typeof(NumericConverter))] decimal Pending);
}
