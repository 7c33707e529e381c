using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Subscriptions.Customers;

/// <summary>Pages of customers for modules that keep something about each of them.</summary>
public sealed class CustomerSearch(MeteringDatabase database)
{
    /// <summary>Customers that are not deleted, in the filter's order.</summary>
    public async Task<(ImmutableArray<Guid> Ids, long Total)> ListAsync(
        CustomerFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var parameters = new
        {
            only = Array(filter.Only), except = Array(filter.Except), ids = Array(filter.Ids), filter.Key, filter.Name, filter.PrimaryEmail,
        };
        var direction = filter.Descending ? "desc" : "asc";
        var order = $"\norder by {ColumnOf(filter.OrderBy)} {direction}, c.id {direction}";
        var (rows, total) = await Page.RowsAsync<CustomerRow>(
            session, page, CustomerRow.SelectSql + FilterSql + order, "select count(*) from subscriptions.customer c" + FilterSql, parameters,
            cancellationToken);
        return ([.. rows.Select(row => row.Id)], total);
    }

    /// <summary>Customers as the API shows them, also deleted ones.</summary>
    public async Task<ImmutableDictionary<Guid, JsonElement>> ViewsAsync(
        ImmutableArray<Guid> ids, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync<CustomerRow>(
            CustomerRow.SelectSql + " where c.id = any(@ids)", new { ids = ids.ToArray() }, cancellationToken);
        var current = await SubscriptionRow.CurrentIdsAsync(session, [.. rows.Select(row => row.Id)], now, cancellationToken);
        return rows.ToImmutableDictionary(
            row => row.Id,
            row => JsonSerializer.SerializeToElement(
                row.ToView(current.TryGetValue(row.Id, out var id) ? id : null), MeteringJson.Options));
    }

    private static Guid[]? Array(ImmutableArray<Guid>? ids) => ids?.ToArray();

    private static string ColumnOf(CustomerOrder order) => order switch
    {
        CustomerOrder.Id => "c.id",
        CustomerOrder.Name => "c.name",
        CustomerOrder.Key => "c.key",
        CustomerOrder.PrimaryEmail => "c.primary_email",
        CustomerOrder.CreatedAt => "c.created_at",
    };

    private const string FilterSql = """

        where c.deleted_at is null
          and (@only::uuid[] is null or c.id = any(@only))
          and (@except::uuid[] is null or c.id <> all(@except))
          and (@ids::uuid[] is null or c.id = any(@ids))
          and (@Key::text is null or position(lower(@Key) in lower(c.key)) > 0)
          and (@Name::text is null or position(lower(@Name) in lower(c.name)) > 0)
          and (@PrimaryEmail::text is null or position(lower(@PrimaryEmail) in lower(c.primary_email)) > 0)
        """;
}
