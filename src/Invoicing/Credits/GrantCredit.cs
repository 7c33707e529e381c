using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
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

namespace Metering.Invoicing.Credits;

/// <summary>
/// <c>POST /api/v3/openmeter/customers/{customerId}/credits/grants</c>: credit that a customer has paid for, or is given. Credit that is paid by
/// invoice puts its price on the customer's next invoice.
/// </summary>
internal sealed class GrantCredit(CreditDesk desk, FeatureReader features, GatheringInvoices gatherings, InvoiceEngine engine)
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(
        "/api/v3/openmeter/customers/{customerId}/credits/grants",
        (string customerId, CreditGrantBody body, GrantCredit slice, CancellationToken cancellationToken) =>
            slice.HandleAsync(customerId, body, cancellationToken))
        .RequireScope(Scope.InvoicesWrite).Audited("credit_grant.create")
        .WithName("create-credit-grant").WithSummary("Grant prepaid credit").Produces<CreditGrantView>(201)
        .WithExample("""{"name":"Welcome","funding_method":"none","currency":"USD","amount":"25.00","expires_after":"P90D"}""");

    private async Task<IResult> HandleAsync(string customerId, CreditGrantBody body, CancellationToken cancellationToken)
    {
        var keys = body.Filters?.Features ?? [];
        var known = (await features.MetersOfAsync(keys.Where(key => key is not null), cancellationToken)).Keys.ToImmutableHashSet();
        return await desk.ChangeAsync(
            customerId,
            async (session, customer, now) =>
                body.Check(await TaxCodes.LoadAsync(session, cancellationToken), known) is { Any: true } errors
                    ? errors.ToResult()
                    : await GrantAsync(session, customer, body, now, cancellationToken),
            cancellationToken);
    }

    private async Task<IResult> GrantAsync(
        DbSession session, CustomerAccount customer, CreditGrantBody body, Instant now, CancellationToken cancellationToken)
    {
        var id = PublicId.New(now);
        var currency = Currency.Parse(body.Currency);

        // Credit that began before now is in the balance from now on: what was paid meanwhile stays as it was.
        var effectiveAt = Instant.Max(body.EffectiveAt ?? now, now);
        var expiresAt = body.ExpiresAfter is { } after ? IsoPeriod.Add(effectiveAt, after) : (Instant?)null;
        var byInvoice = body.FundingMethod == CreditGrantRow.ByInvoice;
        var parameters = new
        {
            id,
            customerId = customer.Id,
            body.Currency,
            body.Name,
            body.Description,
            labels = Metadata.ToJson(body.Labels ?? Metadata.None),
            body.Key,
            body.FundingMethod,
            amountMinor = MinorUnits.Of(new Money(body.Amount, currency)),
            costBasis = body.Price is null ? (decimal?)null : body.Purchase?.PerUnitCostBasis ?? 1m,
            purchaseMinor = body.Price is { } paid ? MinorUnits.Of(paid) : (long?)null,
            purchaseLine = byInvoice ? CreditPurchase.KeyOf(id) : null,
            settlementStatus = body.FundingMethod == CreditGrantRow.External ? "pending" : null,
            taxConfig = body.Tax is { } tax ? StoredJson.Write(tax) : null,
            features = (body.Filters?.Features ?? []).Distinct().ToArray(),
            priority = body.Priority ?? CreditGrantBody.DefaultPriority,
            effectiveAt,
            expiresAt,
            now,
        };
        if (await session.ExecuteAsync(InsertSql, parameters, cancellationToken) == 0)
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "The customer has such a grant.", new FieldError("/key", "taken", "The key names another grant."));
        }

        var book = await CreditStore.LoadAsync(session, customer.Id, currency, cancellationToken);
        book.SettleUntil(now);
        await CreditStore.SaveAsync(session, customer.Id, book, now, cancellationToken);
        if (byInvoice)
        {
            await ChargeAsync(
                session, customer, CreditPurchase.LineOf(id, body.Name, body.Price!.Value, body.Tax, effectiveAt, expiresAt, now), currency, now,
                cancellationToken);
        }

        var view = (await CreditGrantRow.FindAsync(session, customer.Id, PublicId.Format(id), cancellationToken))!.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("credit_grant.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(
            Results.Created($"/api/v3/openmeter/customers/{PublicId.Format(customer.Id)}/credits/grants/{view.Id}", view), cancellationToken);
    }

    private async Task ChargeAsync(
        DbSession session, CustomerAccount customer, InvoiceLine line, Currency currency, Instant now, CancellationToken cancellationToken)
    {
        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        var rated = await engine.RateAsync(
            session, InvoiceComposition.Gathering(customer, profile, currency, [line], now), now, cancellationToken);
        await gatherings.AddAsync(session, customer, profile, currency, rated.Invoice.Lines, now, cancellationToken);
    }

    private const string InsertSql = """
        insert into invoicing.credit_grant (
            id, customer_id, currency, name, description, labels, key, funding_method, amount_minor, cost_basis, purchase_minor, purchase_line,
            settlement_status, tax_config, features, priority, effective_at, expires_at, created_at, updated_at)
        values (
            @id, @customerId, @Currency, @Name, @Description, @labels::jsonb, @Key, @FundingMethod, @amountMinor, @costBasis, @purchaseMinor,
            @purchaseLine, @settlementStatus, @taxConfig::jsonb, @features, @priority, @effectiveAt, @expiresAt, @now, @now)
        on conflict (customer_id, key) where key is not null do nothing
        """;
}
