using System.Collections.Immutable;
using System.Text.Json;
using Metering.Notifications.Secrets;
using Metering.Platform;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Notifications.Channels;

/// <summary>
/// <c>POST /api/v1/notification/channels</c> and <c>PUT /{channelId}</c>. The signing secret is answered when it is made or set, and never
/// again; who has lost it sets another.
/// </summary>
internal static class SaveChannel
{
    private const int MaxChannels = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/notification/channels", CreateAsync)
            .RequireScope(Scope.NotificationsWrite).Audited("notification_channel.create")
            .WithName("createNotificationChannel").WithSummary("Create a channel for notifications").Produces<ChannelView>(201)
            .WithTags(NotificationsModule.Tag)
            .WithExample("""{"type":"WEBHOOK","name":"Finance","url":"https://hooks.example.com/metering","customHeaders":{"X-Team":"finance"}}""");
        routes.MapPut("/api/v1/notification/channels/{channelId}", ReplaceAsync)
            .RequireScope(Scope.NotificationsWrite).Audited("notification_channel.replace")
            .WithName("updateNotificationChannel").WithSummary("Replace a channel").Produces<ChannelView>()
            .WithTags(NotificationsModule.Tag)
            .WithExample("""{"type":"WEBHOOK","name":"Treasury","url":"https://hooks.example.com/metering"}""");
    }

    private static async Task<IResult> CreateAsync(
        ChannelBody body, MeteringDatabase database, SecretBox box, MeteringOptions options, IClock clock, CancellationToken cancellationToken)
    {
        if (body.Check(options.AllowPrivateWebhooks) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.SingleAsync<long>(CountSql, null, cancellationToken) >= MaxChannels)
        {
            return Problem.Of(ProblemType.Conflict, $"There are at most {MaxChannels} channels; delete one first.");
        }

        var secrets = new ChannelSecrets(body.SigningSecret ?? SigningSecret.New(), HeadersOf(body));
        var row = new ChannelRow(
            PublicId.New(now), body.Name, body.Url, Seal(box, secrets), body.Disabled,
            Metadata.ToJson(body.Metadata ?? Metadata.None), now, now, null);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        var view = row.ToView(secrets) with { SigningSecret = secrets.SigningSecret };
        var entry = new AuditEntry("notification_channel.create", view.Id, now, null, row.ToAuditView(secrets));
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(
            Results.Created($"/api/v1/notification/channels/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private static async Task<IResult> ReplaceAsync(
        string channelId, ChannelBody body, IfMatch ifMatch, MeteringDatabase database, SecretBox box, MeteringOptions options, IClock clock,
        CancellationToken cancellationToken)
    {
        if (body.Check(options.AllowPrivateWebhooks) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await ChannelRow.FindForChangeAsync(session, channelId, cancellationToken) is not { } before)
        {
            return Problem.NotFound("channel", channelId);
        }

        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        var known = before.Open(box);
        var secrets = new ChannelSecrets(body.SigningSecret ?? known?.SigningSecret ?? SigningSecret.New(), HeadersOf(body));
        var after = before with
        {
            Name = body.Name, Url = body.Url, Sealed = Seal(box, secrets), Disabled = body.Disabled,
            Metadata = Metadata.ToJson(body.Metadata ?? Metadata.None), UpdatedAt = now,
        };
        await session.ExecuteAsync(UpdateSql, after, cancellationToken);
        var view = after.ToView(secrets) with { SigningSecret = secrets.SigningSecret == known?.SigningSecret ? null : secrets.SigningSecret };
        var entry = new AuditEntry("notification_channel.replace", view.Id, now, before.ToAuditView(known), after.ToAuditView(secrets));
        await AuditTrail.RecordAsync(session, entry, cancellationToken);
        return await session.CommitAsync(Results.Ok(view).WithTag(after.Tag), cancellationToken);
    }

    private static ImmutableSortedDictionary<string, string> HeadersOf(ChannelBody body) => body.CustomHeaders ?? Metadata.None;

    private static byte[] Seal(SecretBox box, ChannelSecrets secrets) => box.Seal(JsonSerializer.Serialize(secrets, MeteringJson.Options));

    private const string CountSql = "select count(*) from notifications.channel where deleted_at is null";

    private const string InsertSql = """
        insert into notifications.channel (id, name, url, sealed, disabled, metadata, created_at, updated_at)
        values (@Id, @Name, @Url, @Sealed, @Disabled, @Metadata::jsonb, @CreatedAt, @UpdatedAt)
        """;

    private const string UpdateSql = """
        update notifications.channel
        set name = @Name, url = @Url, sealed = @Sealed, disabled = @Disabled, metadata = @Metadata::jsonb, updated_at = @UpdatedAt
        where id = @Id
        """;
}
