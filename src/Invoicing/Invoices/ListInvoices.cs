using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary><c>GET /api/v1/billing/invoices</c>: documents, newest first unless asked otherwise.</summary>
internal static class ListInvoices
{
    internal const int MaxCustomers = 100;

    internal static readonly ImmutableArray<string> Expansions = ["lines", "preceding", "workflow.apps"];

    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["customer.name"] = "i.customer ->> 'name'",
        ["issuedAt"] = "i.issued_at",
        ["status"] = "i.state",
        ["createdAt"] = "i.created_at",
        ["updatedAt"] = "i.updated_at",
        ["periodStart"] = "i.period_from",
    };

    public static async Task<IResult> HandleAsync(
        PageRequest page, [AsParameters] InvoiceListQuery query, InvoiceReader reader, CustomerReader customers, IClock clock,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("statuses", query.Statuses, InvoiceStates.Statuses, errors);
        QueryWords.Check("extendedStatuses", query.ExtendedStatuses, InvoiceStates.ExtendedStatuses, errors);
        QueryWords.Check("expand", query.Expand, Expansions, errors);
        errors.AddIf(query.Customers?.Length > MaxCustomers, "?customers", "too_many", $"At most {MaxCustomers} customers at a time.");
        if (SortOrder.TryRead(query.Order, query.OrderBy, Columns, "issuedAt", "i.id", out var orderSql) is { } unknown)
        {
            errors.Add(unknown.Pointer, unknown.Code, unknown.Message);
        }

        var filter = new InvoiceFilter(
            default,
            ReadInstant("issuedAfter", query.IssuedAfter, errors),
            ReadInstant("issuedBefore", query.IssuedBefore, errors),
            ReadInstant("periodStartAfter", query.PeriodStartAfter, errors),
            ReadInstant("periodStartBefore", query.PeriodStartBefore, errors))
        {
            CreatedAfter = ReadInstant("createdAfter", query.CreatedAfter, errors),
            CreatedBefore = ReadInstant("createdBefore", query.CreatedBefore, errors),
            States = [.. Enum.GetValues<InvoiceState>().Where(state => IsAskedFor(query, state))],
            OrderSql = query.Order is null && query.OrderBy is null ? null : orderSql,
        };
        if (errors.Any)
        {
            return errors.ToResult();
        }

        filter = filter with { CustomerIds = await CustomerIdsAsync(query.Customers, customers, cancellationToken) };
        var (invoices, total) = await reader.ListAsync(filter, page, cancellationToken);
        var (withLines, withApps) = (query.Expand?.Contains("lines") ?? false, query.Expand?.Contains("workflow.apps") ?? false);
        var now = clock.GetCurrentInstant();
        return Results.Ok(page.Of(invoices.Select(invoice => InvoiceView.Of(invoice, withLines, now, withApps)), total));
    }

    private static bool IsAskedFor(InvoiceListQuery query, InvoiceState state) =>
        (state != InvoiceState.Deleted || (query.IncludeDeleted ?? false))
        && (query.Statuses is not { Length: > 0 } statuses || statuses.Contains(state.StatusOf()))
        && (query.ExtendedStatuses is not { Length: > 0 } extended || extended.Contains(state.NameOf()));

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

    private static Instant? ReadInstant(string name, string? text, FieldErrors errors)
    {
        if (InstantConverter.TryReadParameter(name, text, out var instant) is { } error)
        {
            errors.Add(error.Pointer, error.Code, error.Message);
        }

        return instant;
    }
}

/// <summary>The query parameters of the list, named as OpenMeter names them.</summary>
internal sealed record InvoiceListQuery(
    [property: FromQuery(Name = "customers")] string[]? Customers,
    [property: FromQuery(Name = "statuses")] string[]? Statuses,
    [property: FromQuery(Name = "extendedStatuses")] string[]? ExtendedStatuses,
    [property: FromQuery(Name = "includeDeleted")] bool? IncludeDeleted,
    [property: FromQuery(Name = "order")] string? Order,
    [property: FromQuery(Name = "orderBy")] string? OrderBy,
    [property: FromQuery(Name = "createdAfter")] string? CreatedAfter,
    [property: FromQuery(Name = "createdBefore")] string? CreatedBefore,
    [property: FromQuery(Name = "expand")] string[]? Expand,
    [property: FromQuery(Name = "issuedAfter")] string? IssuedAfter,
    [property: FromQuery(Name = "issuedBefore")] string? IssuedBefore,
    [property: FromQuery(Name = "periodStartAfter")] string? PeriodStartAfter,
    [property: FromQuery(Name = "periodStartBefore")] string? PeriodStartBefore);
