using System.Collections.Immutable;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Notifications.Rules;

/// <summary><c>POST /api/v1/notification/rules</c> and <c>PUT /{ruleId}</c>. What a rule waits for does not change.</summary>
internal static class SaveRule
{
    private const int MaxRules = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/notification/rules", CreateAsync).RequireScope(Scope.NotificationsWrite).Audited("notification_rule.create")
            .WithName("createNotificationRule").WithSummary("Create a rule for notifications").Produces<RuleView>(201)
            .WithTags(NotificationsModule.Tag)
            .WithExample(
                """
                {"type":"entitlements.balance.threshold","name":"Almost used up","channels":["{createNotificationChannel}"],"features":["tokens"],
                 "thresholds":[{"type":"usage_percentage","value":80},{"type":"balance_value","value":10}]}
                """,
                "createNotificationChannel", "createFeature");
        routes.MapPut("/api/v1/notification/rules/{ruleId}", ReplaceAsync)
            .RequireScope(Scope.NotificationsWrite).Audited("notification_rule.replace")
            .WithName("updateNotificationRule").WithSummary("Replace a rule").Produces<RuleView>()
            .WithTags(NotificationsModule.Tag)
            .WithExample(
                """
                {"type":"entitlements.balance.threshold","name":"Used up","channels":["{createNotificationChannel}"],
                 "thresholds":[{"type":"usage_percentage","value":100}]}
                """,
                "createNotificationChannel");
    }

    private static async Task<IResult> CreateAsync(
        RuleBody body, FeatureLookup features, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var named = await features.FindAsync(body.Features ?? [], cancellationToken);
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await CheckNamesAsync(session, body, named, cancellationToken) is { Any: true } unknown)
        {
            return unknown.ToResult();
        }

        if (await session.SingleAsync<long>("select count(*) from notifications.rule where deleted_at is null", null, cancellationToken) >= MaxRules)
        {
            return Problem.Of(ProblemType.Conflict, $"There are at most {MaxRules} rules; delete one first.");
        }

        var row = new RuleRow(
            PublicId.New(now), body.Type, body.Name, body.Disabled, Metadata.ToJson(body.Thresholds ?? []), FeaturesOf(body, named),
            Metadata.ToJson(body.Metadata ?? Metadata.None), Metadata.ToJson(ChannelsOf(body)), now, now, null);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        await session.ExecuteAsync(ChannelsSql, new { row.Id, channels = ChannelsOf(body) }, cancellationToken);
        var view = row.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("notification_rule.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/notification/rules/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string ruleId, RuleBody body, IfMatch ifMatch, FeatureLookup features, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        if (body.Check() is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var named = await features.FindAsync(body.Features ?? [], cancellationToken);
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await RuleRow.FindForChangeAsync(session, ruleId, cancellationToken) is not { } before)
        {
            return Problem.NotFound("rule", ruleId);
        }

        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        if (body.Type != before.Type)
        {
            return Problem.Invalid("/type", "immutable", $"The rule is of type {before.Type}; make another rule for another type.");
        }

        if (await CheckNamesAsync(session, body, named, cancellationToken) is { Any: true } unknown)
        {
            return unknown.ToResult();
        }

        var after = before with
        {
            Name = body.Name, Disabled = body.Disabled, Thresholds = Metadata.ToJson(body.Thresholds ?? []), Features = FeaturesOf(body, named),
            Metadata = Metadata.ToJson(body.Metadata ?? Metadata.None), Channels = Metadata.ToJson(ChannelsOf(body)), UpdatedAt = now,
        };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        await session.ExecuteAsync(ChannelsSql, new { after.Id, channels = ChannelsOf(body) }, cancellationToken);
        var view = after.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("notification_rule.replace", view.Id, now, before.ToView(), view), cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    /// <summary>Locks the channels against deletion until the transaction ends.</summary>
    private static async Task<FieldErrors> CheckNamesAsync(
        DbSession session, RuleBody body, ImmutableDictionary<string, NamedFeature> named, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var ids = ChannelsOf(body);
        var known = (await session.QueryAsync<Guid>(KnownChannelsSql, new { ids }, cancellationToken)).ToHashSet();
        foreach (var (index, text) in body.Channels.Index())
        {
            errors.AddIf(
                !PublicId.TryParse(text, out var id) || !known.Contains(id), $"/channels/{index}", "unknown_channel", "There is no such channel.");
        }

        foreach (var (index, text) in (body.Features ?? []).Index())
        {
            errors.AddIf(!named.ContainsKey(text), $"/features/{index}", "unknown_feature", "There is no feature with this id or key.");
        }

        return errors;
    }

    private static Guid[] ChannelsOf(RuleBody body) =>
        [.. body.Channels.Select(text => PublicId.TryParse(text, out var id) ? id : (Guid?)null).OfType<Guid>()];

    private static string FeaturesOf(RuleBody body, ImmutableDictionary<string, NamedFeature> named) =>
        Metadata.ToJson((body.Features ?? []).Select(text => named[text]).Distinct().ToImmutableArray());

    private const string KnownChannelsSql = """
        select id
        from notifications.channel
        where id = any(@ids) and deleted_at is null
        order by id
        for share
        """;

    private const string InsertSql = """
        insert into notifications.rule (id, type, name, disabled, thresholds, features, metadata, created_at, updated_at)
        values (@Id, @Type, @Name, @Disabled, @Thresholds::jsonb, @Features::jsonb, @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update notifications.rule
        set name = @Name, disabled = @Disabled, thresholds = @Thresholds::jsonb, features = @Features::jsonb, metadata = @Metadata::jsonb,
            updated_at = @UpdatedAt
        where id = @Id
        """;

    private const string ChannelsSql = """
        delete from notifications.rule_channel where rule_id = @Id;
        insert into notifications.rule_channel (rule_id, channel_id, position)
        select @Id, channel_id, position
        from unnest(@channels) with ordinality as c (channel_id, position)
        """;
}
