using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Invoicing.Billing;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary><c>GET /api/v1/customers/{customerIdOrKey}/billing/upcoming</c>: cost so far, explained.</summary>
internal static class GetUpcoming
{
    public static void MapUpcoming(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/customers/{customerIdOrKey}/billing/upcoming", HandleAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getUpcomingCost").WithSummary("Read the cost so far, explained").Produces<UpcomingView>();

    private static async Task<IResult> HandleAsync(
        string customerIdOrKey, CustomerReader customers, UpcomingReader upcoming, IClock clock, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerIdOrKey, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerIdOrKey);
        }

        var now = clock.GetCurrentInstant();
        var costs = await upcoming.OfCustomerAsync(customer, now, cancellationToken);
        return Results.Ok(new UpcomingView(PublicId.Format(customer.Id), now, [.. costs.Select(UpcomingSubscriptionView.Of)]));
    }
}

/// <summary>What each subscription of a customer has cost so far in the period that runs.</summary>
internal sealed record UpcomingView(string CustomerId, Instant AsOf, ImmutableArray<UpcomingSubscriptionView> Subscriptions);

/// <param name="NextInvoiceAt">When the period is billed.</param>
/// <param name="IsFullyPriced">Whether the total holds all usage; otherwise <paramref name="Unpriced"/> says what is missing.</param>
/// <param name="BlockedPeriod">An earlier period that could not be billed; absent when there is none.</param>
internal sealed record UpcomingSubscriptionView(
    string SubscriptionId,
    PlanView Plan,
    string Currency,
    PeriodView Period,
    Instant? NextInvoiceAt,
    [property: JsonConverter(typeof(NumericConverter))] decimal Total,
    ImmutableArray<UpcomingLineView> Lines,
    bool IsFullyPriced,
    ImmutableArray<BlockReasonView>? Unpriced,
    BlockedPeriodView? BlockedPeriod)
{
    public static UpcomingSubscriptionView Of(UpcomingCost cost) => new(
        PublicId.Format(cost.Subscription.Id),
        new PlanView(
            PublicId.Format(cost.Subscription.Plan.Id), cost.Subscription.Plan.Key, cost.Subscription.Plan.Name, cost.Subscription.Plan.Version),
        cost.Subscription.Currency.Code, PeriodView.Of(cost.Period), cost.NextBoundary, cost.Total.Amount,
        [.. cost.Lines.Select(UpcomingLineView.Of)], cost.Unpriced.IsEmpty,
        cost.Unpriced.IsEmpty ? null : [.. cost.Unpriced.Take(Billing.BlockedPeriod.MaxReasons).Select(BlockReasonView.Of)],
        cost.Blocked is { } blocked ? BlockedPeriodView.Of(blocked) : null);
}

/// <summary>A line as it would be billed if the period ended now.</summary>
/// <param name="LineId">What the line is asked for by when it is to be invoiced before its period ends.</param>
internal sealed record UpcomingLineView(
    string LineId,
    string Name,
    string? FeatureKey,
    string? MeterSlug,
    PeriodView Period,
    [property: JsonConverter(typeof(OptionalNumericConverter))] decimal? MeteredQuantity,
    JsonElement Price,
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    ImmutableArray<LineCharge> Charges)
{
    public static UpcomingLineView Of(InvoiceLine line) => new(
        PublicId.Format(LineReference.Of(line.SubscriptionId, line.PhaseKey, line.RateCardKey, line.RatedPeriod.Served.Start)), line.Name,
        line.FeatureKey, line.MeterSlug, PeriodView.Of(line.Period), line.Metered?.Metered,
        JsonSerializer.Deserialize<JsonElement>(line.PriceJson), line.Amount.Amount, line.Charges);
}
