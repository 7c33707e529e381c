using System.Text;
using Metering.Ingest.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>
/// The yardstick for single events: the same server and the same reading, and then one INSERT per request, committed before the answer.
/// </summary>
internal static class InsertServer
{
    private const string TableSql = """
        create table if not exists single_event (
            key uuid primary key, payload_hash uuid not null, time timestamptz not null, type text not null, subject text not null,
            source text not null, id text not null, data text)
        """;

    private const string InsertSql = """
        insert into single_event (key, payload_hash, time, type, subject, source, id, data)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        """;

    public static async Task RunAsync(int port, string postgres)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        await using (var command = source.CreateCommand(TableSql))
        {
            await command.ExecuteNonQueryAsync();
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet("/ready", () => "ready");
        app.MapPost("/events", context => InsertAsync(context, source));
        app.MapPost("/nothing", async context => _ = await ReadAsync(context));
        await app.RunAsync($"http://127.0.0.1:{port}");
    }

    /// <summary>Keeps nothing: as many requests as this server and this load generator can do between them.</summary>
    private static async Task<UsageEvent> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return CloudEventReader.Read(body.ToArray(), EventBatchForm.Single, SystemClock.Instance.GetCurrentInstant()).Events[0];
    }

    private static async Task InsertAsync(HttpContext context, NpgsqlDataSource source)
    {
        var usage = await ReadAsync(context);
        await using var command = source.CreateCommand(InsertSql);
        command.Parameters.Add(new() { Value = usage.Key });
        command.Parameters.Add(new() { Value = usage.PayloadHash });
        command.Parameters.Add(new() { Value = usage.Time.ToDateTimeUtc() });
        command.Parameters.Add(new() { Value = usage.Type });
        command.Parameters.Add(new() { Value = usage.Subject });
        command.Parameters.Add(new() { Value = usage.Source });
        command.Parameters.Add(new() { Value = usage.Id });
        command.Parameters.Add(new() { Value = Encoding.UTF8.GetString(usage.Data.Span) });
        await command.ExecuteNonQueryAsync(context.RequestAborted);
    }
}
