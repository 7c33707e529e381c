using System.Collections.Immutable;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary><c>GET /api/v1/billing/invoices</c>: issued documents, newest first.</summary>
internal static class ListInvoices
{
    internal const int MaxCustomers = 100;

    private static readonly ImmutableArray<string> Statuses =
        ["gathering", "draft", "issuing", "issued", "payment_processing", "overdue", "paid", "uncollectible", "voided"];

    public static async Task<IResult> HandleAsync(
        PageRequest page, [AsParameters] InvoiceListQuery query, InvoiceReader reader, CustomerReader customers,
        CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (query.Statuses?.FirstOrDefault(status => !Statuses.Contains(status)) is not null)
        {
            errors.Add(new FieldError("?statuses", "unknown_status", "A status is one of " + string.Join(", ", Statuses) + "."));
        }

        if (query.Customers?.Length > MaxCustomers)
        {
            errors.Add(new FieldError("?customers", "too_many", $"At most {MaxCustomers} customers at a time."));
        }

        var filter = new InvoiceFilter(
            default,
            ReadInstant("issuedAfter", query.IssuedAfter, errors),
            ReadInstant("issuedBefore", query.IssuedBefore, errors),
            ReadInstant("periodStartAfter", query.PeriodStartAfter, errors),
            ReadInstant("periodStartBefore", query.PeriodStartBefore, errors));
        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        // Documents exist only once they are issued; nothing has another status yet.
        if (query.Statuses is { Length: > 0 } statuses && !statuses.Contains("issued"))
        {
            return Results.Ok(page.Of<InvoiceView>([], 0));
        }

        filter = filter with { CustomerIds = await CustomerIdsAsync(query.Customers, customers, cancellationToken) };
        var (invoices, total) = await reader.ListAsync(filter, page, cancellationToken);
        var withLines = query.Expand?.Contains("lines") ?? false;
        return Results.Ok(page.Of(invoices.Select(invoice => InvoiceView.Of(invoice, withLines)), total));
    }

    /// <summary>Ids are taken as they are, keys are looked up; one that nobody has matches nothing.</summary>
    internal static async Task<ImmutableArray<Guid>> CustomerIdsAsync(
        string[]? idsOrKeys, CustomerReader customers, CancellationToken cancellationToken)
    {
        if (idsOrKeys is not { Length: > 0 })
        {
            return default;
        }

        var ids = ImmutableArray.CreateBuilder<Guid>();
        foreach (var idOrKey in idsOrKeys)
        {
            if (PublicId.TryParse(idOrKey, out var id))
            {
                ids.Add(id);
            }
            else if (await customers.FindAsync(idOrKey, cancellationToken) is { } customer)
            {
                ids.Add(customer.Id);
            }
        }

        return ids.ToImmutable();
    }

    private static Instant? ReadInstant(string name, string? text, List<FieldError> errors)
    {
        if (InstantConverter.TryReadParameter(name, text, out var instant) is { } error)
        {
            errors.Add(error);
        }

        return instant;
    }
}

/// <summary>The query parameters of the list, named as OpenMeter names them.</summary>
internal sealed record InvoiceListQuery(
    [property: FromQuery(Name = "customers")] string[]? Customers,
    [property: FromQuery(Name = "statuses")] string[]? Statuses,
    [property: FromQuery(Name = "expand")] string[]? Expand,
    [property: FromQuery(Name = "issuedAfter")] string? IssuedAfter,
    [property: FromQuery(Name = "issuedBefore")] string? IssuedBefore,
    [property: FromQuery(Name = "periodStartAfter")] string? PeriodStartAfter,
    [property: FromQuery(Name = "periodStartBefore")] string? PeriodStartBefore);
