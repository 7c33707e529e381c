using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary><c>GET /api/v1/billing/customers</c>: which profile bills whom.</summary>
internal static class ListOverrides
{
    private const int MaxIds = 100;

    private static readonly ImmutableArray<string> Orders =
        ["customerId", "customerName", "customerKey", "customerPrimaryEmail", "customerCreatedAt"];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/billing/customers", ListAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listBillingProfileCustomerOverrides").WithSummary("List by which profile customers are billed")
            .Produces<Page<CustomerOverrideView>>();

    private static async Task<IResult> ListAsync(
        PageRequest page, [AsParameters] OverrideListQuery query, MeteringDatabase database, CustomerSearch search, IClock clock,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("expand", query.Expand, ["apps", "customer"], errors);
        QueryWords.Check("order", query.Order is null ? [] : [query.Order], ["ASC", "DESC"], errors);
        QueryWords.Check("orderBy", query.OrderBy is null ? [] : [query.OrderBy], Orders, errors);
        var profiles = Ids("billingProfile", query.BillingProfile, errors);
        var ids = Ids("customerId", query.CustomerId, errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var filter = await WhoAsync(session, query, profiles, cancellationToken) with
        {
            Ids = ids,
            Key = query.CustomerKey,
            Name = query.CustomerName,
            PrimaryEmail = query.CustomerPrimaryEmail,
            OrderBy = (CustomerOrder)Math.Max(0, Orders.IndexOf(query.OrderBy ?? Orders[0])),
            Descending = query.Order == "DESC",
        };
        var (found, total) = await search.ListAsync(filter, page, cancellationToken);
        var chosen = await CustomerOverride.OfAsync(session, found, cancellationToken);
        var byId = (await session.QueryAsync<ProfileRow>(ProfileRow.SelectSql, null, cancellationToken))
            .Select(row => row.ToProfile()).ToDictionary(profile => profile.Id);
        var standard = byId.Values.Single(profile => profile.IsDefault);
        var shown = query.Expand?.Contains("customer") ?? false
            ? await search.ViewsAsync(found, clock.GetCurrentInstant(), cancellationToken)
            : ImmutableDictionary<Guid, JsonElement>.Empty;
        var withApps = query.Expand?.Contains("apps") ?? false;
        return Results.Ok(page.Of(found.Select(id => ViewOf(id, chosen.GetValueOrDefault(id))), total));

        CustomerOverrideView ViewOf(Guid id, CustomerOverride? own) => CustomerOverrideView.Of(
            own, own?.BillingProfileId is { } pinned ? byId[pinned] : standard, withApps, shown.TryGetValue(id, out var view) ? view : null);
    }

    /// <summary>Customers that chose nothing belong to the default profile, unless only those are asked for that chose.</summary>
    private static async Task<CustomerFilter> WhoAsync(
        DbSession session, OverrideListQuery query, ImmutableArray<Guid>? profiles, CancellationToken cancellationToken)
    {
        var overrides = await session.QueryAsync<CustomerOverride>(CustomerOverride.SelectSql, null, cancellationToken);
        ImmutableArray<Guid> pinned = [.. overrides.Where(one => one.BillingProfileId is not null).Select(one => one.CustomerId)];
        if (query.CustomersWithoutPinnedProfile ?? false)
        {
            return new CustomerFilter(Except: pinned);
        }

        var includeAll = query.IncludeAllCustomers ?? true;
        if (profiles is not { } asked)
        {
            return includeAll ? new CustomerFilter() : new CustomerFilter(Only: [.. overrides.Select(one => one.CustomerId)]);
        }

        var standard = await ProfileRow.FindAsync(session, ProfileRow.DefaultAlias, cancellationToken);
        ImmutableArray<Guid> others =
            [.. overrides.Where(one => one.BillingProfileId is { } id && !asked.Contains(id)).Select(one => one.CustomerId)];
        return includeAll && asked.Contains(standard!.Id)
            ? new CustomerFilter(Except: others)
            : new CustomerFilter(Only:
            [
                .. overrides.Where(one => asked.Contains(one.BillingProfileId ?? standard!.Id)).Select(one => one.CustomerId),
            ]);
    }

    private static ImmutableArray<Guid>? Ids(string name, string[]? texts, FieldErrors errors)
    {
        if (texts is not { Length: > 0 })
        {
            return null;
        }

        errors.AddIf(texts.Length > MaxIds, $"?{name}", "too_many", $"At most {MaxIds} at a time.");
        errors.AddIf(texts.Any(text => !PublicId.TryParse(text, out _)), $"?{name}", "invalid_id", "An id has 26 characters.");
        return [.. texts.Select(text => PublicId.TryParse(text, out var id) ? id : Guid.Empty)];
    }
}

/// <summary>The query parameters of the list, named as OpenMeter names them.</summary>
internal sealed record OverrideListQuery(
    [property: FromQuery(Name = "billingProfile")] string[]? BillingProfile,
    [property: FromQuery(Name = "customersWithoutPinnedProfile")] bool? CustomersWithoutPinnedProfile,
    [property: FromQuery(Name = "includeAllCustomers")] bool? IncludeAllCustomers,
    [property: FromQuery(Name = "customerId")] string[]? CustomerId,
    [property: FromQuery(Name = "customerName")] string? CustomerName,
    [property: FromQuery(Name = "customerKey")] string? CustomerKey,
    [property: FromQuery(Name = "customerPrimaryEmail")] string? CustomerPrimaryEmail,
    [property: FromQuery(Name = "expand")] string[]? Expand,
    [property: FromQuery(Name = "order")] string? Order,
    [property: FromQuery(Name = "orderBy")] string? OrderBy);
