using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Metering.Notifications.Rules;

/// <summary><c>GET /api/v1/notification/rules</c> and <c>/{ruleId}</c>.</summary>
internal static class GetRules
{
    private static readonly ImmutableSortedDictionary<string, string> Columns = new Dictionary<string, string>
    {
        ["id"] = "r.id", ["type"] = "r.type", ["createdAt"] = "r.created_at", ["updatedAt"] = "r.updated_at",
    }.ToImmutableSortedDictionary();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/notification/rules", ListAsync).RequireScope(Scope.NotificationsRead)
            .WithName("listNotificationRules").WithSummary("List rules").Produces<Page<RuleView>>().WithTags(NotificationsModule.Tag);
        routes.MapGet("/api/v1/notification/rules/{ruleId}", GetAsync).RequireScope(Scope.NotificationsRead)
            .WithName("getNotificationRule").WithSummary("Read a rule").Produces<RuleView>().WithTags(NotificationsModule.Tag);
    }

    private static async Task<IResult> GetAsync(string ruleId, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await RuleRow.FindAsync(session, ruleId, cancellationToken) is { } row
            ? Results.Ok(row.ToView()).WithTag(row.Tag)
            : Problem.NotFound("rule", ruleId);
    }

    /// <summary>Of the features and channels named, those rules that name one of each. A rule about all features names none.</summary>
    private static async Task<IResult> ListAsync(
        PageRequest page, string? order, string? orderBy, bool? includeDeleted, bool? includeDisabled, [FromQuery] string[]? feature,
        [FromQuery] string[]? channel, FeatureLookup features, MeteringDatabase database, CancellationToken cancellationToken)
    {
        if (SortOrder.TryRead(order, orderBy, Columns, "id", "r.id", out var orderSql) is { } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var named = await features.FindAsync(feature ?? [], cancellationToken);
        var filter = new
        {
            includeDeleted = includeDeleted ?? false,
            includeDisabled = includeDisabled ?? false,
            byFeature = feature is { Length: > 0 },
            features = named.Values.Select(one => one.Id.ToString()).ToArray(),
            byChannel = channel is { Length: > 0 },
            channels = (channel ?? []).Select(text => PublicId.TryParse(text, out var id) ? id : Guid.Empty).ToArray(),
        };
        return await Page.OfAsync(
            database, page, RuleRow.SelectSql + FilterSql + orderSql, "select count(*) from notifications.rule r" + FilterSql, filter,
            (RuleRow row) => row.ToView(), cancellationToken);
    }

    private const string FilterSql = """

        where (@includeDeleted or r.deleted_at is null)
          and (@includeDisabled or not r.disabled)
          and (not @byFeature or exists (
            select from jsonb_array_elements(r.features) f where f ->> 'id' = any(@features)))
          and (not @byChannel or exists (
            select from notifications.rule_channel c where c.rule_id = r.id and c.channel_id = any(@channels)))
        """;
}
