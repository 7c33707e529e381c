using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Database;
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

namespace Metering.Invoicing.Lines;

/// <summary><c>POST /api/v1/billing/customers/{customerId}/invoices/simulate</c>: what given usage would cost. Nothing is stored.</summary>
internal static class SimulateInvoice
{
    private const int MaxNumberLength = 256;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/v1/billing/customers/{customerId}/invoices/simulate", HandleAsync).RequireScope(Scope.InvoicesRead)
        .WithName("simulateInvoice").WithSummary("See what given usage would cost").Produces<InvoiceView>()
        .WithExample(
            """
            {"currency":"USD","lines":[
              {"name":"Tokens","period":{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z"},"invoiceAt":"2026-02-01T00:00:00Z",
               "quantity":"1500","rateCard":{"price":{"type":"unit","amount":"0.02"}}}]}
            """);

    private static async Task<IResult> HandleAsync(
        string customerId, SimulationBody body, MeteringDatabase database, CustomerReader customers, FeatureReader features, InvoiceEngine engine,
        IClock clock, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(customerId, cancellationToken) is not { } customer)
        {
            return Problem.NotFound("customer", customerId);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.OpenAsync(cancellationToken);
        var errors = new FieldErrors();
        var currency = InvoiceCurrency.Check(body.Currency, errors);
        errors.AddIf(
            body.Number is { Length: 0 or > MaxNumberLength }, "/number", "out_of_range", $"A number has 1 to {MaxNumberLength} characters.");
        var checks = await LineChecks.OfAsync(
            body.Lines, await TaxCodes.LoadAsync(session, cancellationToken), features, errors, cancellationToken);
        var written = checks.Check(body.Lines, mayBeEmpty: false, isSimulation: true);
        CheckDetails(body, written, errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        var profile = await ProfileRow.OfCustomerAsync(session, customer.Id, cancellationToken);
        var context = new LineContext(currency!, customer.SubjectKeys, Prorates: true);
        var lines = written.Select(line => Rate(line, context, now)).ToImmutableArray();
        var draft = InvoiceComposition.Draft(customer, profile, currency!, lines, default, now, now);
        var priced = await engine.TaxAsync(draft with { Number = body.Number ?? draft.Number }, [], now, cancellationToken);
        return Results.Ok(InvoiceView.Of(priced, withLines: true, now));
    }

    private static InvoiceLine Rate(WrittenLine written, LineContext context, Instant now)
    {
        var usage = written.NeedsUsage
            ? LineUsage.Of(written.Body.Quantity!.Value, written.Body.PreLinePeriodQuantity ?? 0m)
            : null;
        var line = LineRating.Rate(context, ManualLine.Planned(written, PeriodOf(written)), usage, default, now);
        return line with
        {
            Id = PublicId.TryParse(written.Body.Id ?? "", out var id) ? id : line.Id,
            ManagedBy = InvoiceLine.ByHand,
            Description = written.Body.Description,
            Metadata = written.Metadata,
            TaxConfig = written.TaxConfig,
        };
    }

    /// <summary>What was billed before the line belongs to a served period that began earlier; how much earlier changes no amount of usage.</summary>
    private static LinePeriod PeriodOf(WrittenLine written)
    {
        if (!written.NeedsUsage || written.Body.PreLinePeriodQuantity is null or 0m)
        {
            return LinePeriod.Whole(written.Period);
        }

        var served = new ServicePeriod(written.Period.Start - Duration.FromDays(1), written.Period.End);
        return new LinePeriod(served, served, written.Period);
    }

    /// <summary>One quantity says nothing of groups or of each transaction; ids are those of lines.</summary>
    private static void CheckDetails(SimulationBody body, ImmutableArray<WrittenLine> written, FieldErrors errors)
    {
        foreach (var (i, line) in body.Lines.Index())
        {
            errors.AddIf(line.Id is not null && !PublicId.TryParse(line.Id, out _), $"/lines/{i}/id", "invalid_id", "An id has 26 characters.");
            errors.AddIf(
                written.FirstOrDefault(one => ReferenceEquals(one.Body, line)) is
                {
                    Price: Price.Dimensional or Price.Percentage { NeedsEachTransaction: true } or Price.Percentage { FixedAmount: > 0m }
                    or Price.Dynamic { MarkupPerTransaction: > 0m },
                },
                $"/lines/{i}/rateCard/price/type", "needs_details",
                "The price looks at more than a quantity, which is all that a simulation states.");
        }
    }

    private sealed record SimulationBody(string Currency, ImmutableArray<LineBody> Lines, string? Number = null);
}
