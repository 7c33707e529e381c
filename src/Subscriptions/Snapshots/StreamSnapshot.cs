using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Leases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Metering.Subscriptions.Snapshots;

/// <summary>
/// <c>GET /api/v1/sidecar/snapshot?sidecar=ID&amp;since=VERSION&amp;recalls=true&amp;shares=true</c>: everything, or what changed since,
/// then changes and heartbeats as they happen, one <see cref="SidecarMessage"/> per line. Each stream reads the database from the version it
/// has sent; nothing is queued for a slow reader, and one that does not take a page in time is dropped and resumes by version.
/// </summary>
internal sealed class StreamSnapshot(
    MeteringDatabase database, SidecarStreams streams, ProductClock clock, IHostApplicationLifetime lifetime, ILogger<StreamSnapshot> logger)
{
    private const int PageSize = 500;
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);
    private static readonly ReadOnlyMemory<byte> NewLine = "\n"u8.ToArray();

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(
                "/api/v1/sidecar/snapshot",
                (string? sidecar, long? since, bool? recalls, bool? shares, HttpContext context, StreamSnapshot snapshot) =>
                    snapshot.StreamAsync(new SidecarStream(sidecar ?? "", recalls ?? false, shares ?? false), since, context))
            .RequireScope(Scope.Enforcement)
            .WithName("streamSnapshot").WithSummary("Follow what every customer may do, one message per line").WithTags("Sidecar")
            .Produces<SidecarMessage>(200, "application/x-ndjson");

    private async Task StreamAsync(SidecarStream stream, long? since, HttpContext context)
    {
        var refusal = stream.SidecarId is not { Length: >= 1 and <= LeaseTerms.MaxSidecarIdLength }
            ? Problem.Invalid("?sidecar", "required", $"A sidecar names itself by 1 to {LeaseTerms.MaxSidecarIdLength} characters.")
            : since is < 0 ? Problem.Invalid("?since", "out_of_range", "Versions are counted from 1.")
            : streams.IsFull ? Problem.Of(ProblemType.NotAvailable, $"At most {SidecarStreams.MaxStreams} streams are served at a time.")
            : null;
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "application/x-ndjson";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        streams.Add(stream);
        try
        {
            await FollowAsync(stream, since, context.Response.Body, ending.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or NpgsqlException)
        {
            // The reader went away or was too slow, the process stops, or the database does not answer: the stream ends and can be resumed.
            logger.StreamEnded(stream.SidecarId, exception.GetType().Name);
            context.Abort();
        }
        finally
        {
            streams.Remove(stream);
        }
    }

    private async Task FollowAsync(SidecarStream stream, long? since, Stream body, CancellationToken cancellationToken)
    {
        var version = await OpenAsync(since, body, cancellationToken);
        version = await SendChangesAsync(version, skipRemoved: since is null, body, cancellationToken);
        await WriteAsync(body, [new SnapshotEnds(version)], cancellationToken);
        var heartbeat = true;
        while (true)
        {
            if (heartbeat)
            {
                await SendHeartbeatAsync(stream, version, body, cancellationToken);
            }

            heartbeat = await stream.WaitAsync(cancellationToken);

            // First, because somebody is waiting for it.
            await WriteAsync(body, stream.TakeRecalls(), cancellationToken);
            version = await SendChangesAsync(version, skipRemoved: false, body, cancellationToken);
        }
    }

    /// <returns>The version to go on from: 0 when everything is sent.</returns>
    private async Task<long> OpenAsync(long? since, Stream body, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var (head, key) = await session.SingleAsync<(long, byte[])>(
            "select version, reservation_key from subscriptions.snapshot_head", null, cancellationToken);

        // A version that this database has not given yet comes from another life of it: nothing the sidecar knows can be trusted.
        var full = since is null || since > head;
        await WriteAsync(body, [new SnapshotBegins(full, Convert.ToBase64String(key), SnapshotBegins.CurrentFormat)], cancellationToken);
        return full ? 0 : since!.Value;
    }

    private async Task<long> SendChangesAsync(long version, bool skipRemoved, Stream body, CancellationToken cancellationToken)
    {
        while (true)
        {
            CompiledChanges page;
            await using (var session = await database.OpenAsync(cancellationToken))
            {
                page = await AccessCompiler.ReadAsync(session, version, PageSize, clock.GetCurrentInstant(), cancellationToken);
            }

            await WriteAsync(
                body, page.Changes.Where(change => !skipRemoved || change.Customer.Status != CustomerStatus.Removed), cancellationToken);
            version = page.UpTo;
            if (page.Changes.Length < PageSize)
            {
                return version;
            }
        }
    }

    private async Task SendHeartbeatAsync(SidecarStream stream, long version, Stream body, CancellationToken cancellationToken)
    {
        var sequence = streams.NextSequence();
        stream.Sent(sequence, version);
        var heartbeat = new Heartbeat(
            sequence, version, clock.GetCurrentInstant(), clock.Stands, streams.ActiveCount, streams.RankOf(stream.SidecarId));
        await WriteAsync(body, [heartbeat], cancellationToken);
    }

    private static async Task WriteAsync(Stream body, IEnumerable<SidecarMessage> messages, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WriteLimit);
        foreach (var message in messages)
        {
            await body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes<SidecarMessage>(message, SidecarJson.Options), limit.Token);
            await body.WriteAsync(NewLine, limit.Token);
        }

        await body.FlushAsync(limit.Token);
    }
}
