using System.Net.Http.Headers;
using Metering.Platform.Auditing;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Idempotency;
using Metering.Platform.Security;
using Metering.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace Metering.Platform.Tests.Support;

/// <summary>Nothing but the platform, with routes that fail where a server can fail. Their work is a row in a table.</summary>
public sealed class SmallHost : IAsyncDisposable
{
    private const string AdminKey = "small-host-admin-key";
    private readonly TestDatabase test;
    private readonly NpgsqlDataSource dataSource;
    private readonly WebApplication app;

    private SmallHost(TestDatabase test, NpgsqlDataSource dataSource, WebApplication app)
    {
        (this.test, this.dataSource, this.app) = (test, dataSource, app);
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Client = new HttpClient { BaseAddress = new Uri(url) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    public HttpClient Client { get; }

    /// <summary>What <c>/slow</c> waits for in the middle of its transaction.</summary>
    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when <c>/slow</c> is in the middle of its transaction.</summary>
    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MeteringDatabase Database => app.Services.GetRequiredService<MeteringDatabase>();

    public static async Task<SmallHost> StartAsync()
    {
        var test = await TestDatabase.CreateAsync();
        var clock = ProductClock.StandingAt(Instant.FromUtc(2026, 1, 15, 9, 0));
        var options = new MeteringOptions(
            test.ConnectionString, null, ".", clock.GetCurrentInstant(), null, "127.0.0.1", 0, new Uri("http://127.0.0.1"));
        var dataSource = PlatformModule.CreateDataSource(options);
        var database = new MeteringDatabase(dataSource);
        await new Migrator(database, [PlatformModule.Migrations], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        await new ApiKeyStore(database).AddAsync(
            new ApiKey(AdminKey), "admin", Role.Admin, null, clock.GetCurrentInstant(), CancellationToken.None);
        await using (var session = await database.BeginAsync(CancellationToken.None))
        {
            await session.ExecuteAsync("create table work (id int generated always as identity)", null, CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddPlatform(options, dataSource, clock);
        var app = builder.Build();
        app.UsePlatform();
        var host = (SmallHost?)null;
        app.MapPost("/crash-after-commit-with-answer", (MeteringDatabase db) => WorkAsync(db, withAnswer: true, then: Crash))
            .RequireScope(Scope.AuditRead).WithIdempotency();
        app.MapPost("/crash-after-commit", (MeteringDatabase db) => WorkAsync(db, withAnswer: false, then: Crash))
            .RequireScope(Scope.AuditRead).WithIdempotency();
        app.MapPost("/answer-after-commit", (MeteringDatabase db) => WorkAsync(db, withAnswer: false, then: answer => answer))
            .RequireScope(Scope.AuditRead).WithIdempotency();
        app.MapPost("/two-transactions", async (MeteringDatabase db) =>
        {
            await WorkAsync(db, withAnswer: false, then: answer => answer);
            return await WorkAsync(db, withAnswer: true, then: answer => answer);
        }).RequireScope(Scope.AuditRead).WithIdempotency();
        app.MapPost("/slow", async (MeteringDatabase db) =>
        {
            await using var session = await db.BeginAsync(CancellationToken.None);
            host!.Entered.TrySetResult();
            await host.Release.Task;
            await session.ExecuteAsync("insert into work default values", null, CancellationToken.None);
            return await session.CommitAsync(Results.Ok(new { done = true }), CancellationToken.None);
        }).RequireScope(Scope.AuditRead).WithIdempotency();
        app.MapPost("/forgets-its-audit-entry", (MeteringDatabase db) => WorkAsync(db, withAnswer: true, then: answer => answer))
            .RequireScope(Scope.AuditRead).Audited("work.do");
        await app.StartAsync();
        host = new SmallHost(test, dataSource, app);
        return host;
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "Idempotency-Key", key } } };
        return await Client.SendAsync(request);
    }

    public async Task<long> WorkDoneAsync()
    {
        await using var session = await Database.OpenAsync(CancellationToken.None);
        return await session.SingleAsync<long>("select count(*) from work", null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await dataSource.DisposeAsync();
        await test.DisposeAsync();
    }

    private static IResult Crash(IResult answer) => throw new InvalidOperationException("The server stops here.");

    private static async Task<IResult> WorkAsync(MeteringDatabase database, bool withAnswer, Func<IResult, IResult> then)
    {
        await using var session = await database.BeginAsync(CancellationToken.None);
        var id = await session.SingleAsync<int>("insert into work default values returning id", null, CancellationToken.None);
        var answer = Results.Ok(new { id });
        if (withAnswer)
        {
            return then(await session.CommitAsync(answer, CancellationToken.None));
        }

        await session.CommitAsync(CancellationToken.None);
        return then(answer);
    }
}
