using System.Collections.Immutable;
using Metering.Notifications.Secrets;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Notifications.Channels;

/// <summary><c>GET /api/v1/notification/channels</c> and <c>/{channelId}</c>.</summary>
internal static class GetChannels
{
    /// <summary>All channels are of one type, so that an order by it is the order by id.</summary>
    private static readonly ImmutableSortedDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "id", ["type"] = "id", ["createdAt"] = "created_at", ["updatedAt"] = "updated_at",
    }.ToImmutableSortedDictionary();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/notification/channels", ListAsync).RequireScope(Scope.NotificationsRead)
            .WithName("listNotificationChannels").WithSummary("List channels, without their secrets").Produces<Page<ChannelView>>()
            .WithTags(NotificationsModule.Tag);
        routes.MapGet("/api/v1/notification/channels/{channelId}", GetAsync).RequireScope(Scope.NotificationsRead)
            .WithName("getNotificationChannel").WithSummary("Read a channel, without its secret").Produces<ChannelView>()
            .WithTags(NotificationsModule.Tag);
    }

    private static async Task<IResult> GetAsync(string channelId, MeteringDatabase database, SecretBox box, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await ChannelRow.FindAsync(session, channelId, cancellationToken) is { } row
            ? Results.Ok(row.ToView(row.Open(box))).WithTag(row.Tag)
            : Problem.NotFound("channel", channelId);
    }

    private static async Task<IResult> ListAsync(
        PageRequest page, string? order, string? orderBy, bool? includeDeleted, bool? includeDisabled, MeteringDatabase database, SecretBox box,
        CancellationToken cancellationToken)
    {
        if (SortOrder.TryRead(order, orderBy, Columns, "id", "id", out var orderSql) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var filter = new { includeDeleted = includeDeleted ?? false, includeDisabled = includeDisabled ?? false };
        return await Page.OfAsync(
            database, page, ChannelRow.SelectSql + FilterSql + orderSql, "select count(*) from notifications.channel" + FilterSql, filter,
            (ChannelRow row) => row.ToView(row.Open(box)), cancellationToken);
    }

    private const string FilterSql = " where (@includeDeleted or deleted_at is null) and (@includeDisabled or not disabled)";
}
