using Metering.Platform.Auditing;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Idempotency;
using Metering.Platform.Messaging;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Requests;
using Metering.Platform.Security;
using Metering.Platform.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace Metering.Platform;

/// <summary>What every module stands on, in one place.</summary>
public static class PlatformModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("platform", typeof(PlatformModule).Assembly);

    public static NpgsqlDataSource CreateDataSource(MeteringOptions options)
    {
        var settings = new NpgsqlConnectionStringBuilder(options.Postgres) { ApplicationName = "metering", Timezone = "UTC" };
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    public static void AddPlatform(this IServiceCollection services, MeteringOptions options, NpgsqlDataSource dataSource, ProductClock clock)
    {
        services.AddSingleton(options);
        services.AddSingleton(dataSource);
        services.AddSingleton(new MeteringDatabase(dataSource));
        services.AddSingleton(clock);
        services.AddSingleton<IClock>(clock);
        services.AddSingleton(Migrations);
        services.AddSingleton<Migrator>();
        services.AddSingleton<TestClock>();
        services.AddSingleton<FirstKeys>();
        services.AddScopeAuthorization();
        services.AddMessaging(options);
        services.AddApiDocument();
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json => MeteringJson.Configure(json.SerializerOptions));
        TelemetryExport.AddWhenConfigured(services);
    }

    /// <summary>Before any route: problems outermost, then who asks, then whether they may, then whether they asked before.</summary>
    public static void UsePlatform(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        app.UseProblems();
        app.UseRouting();
        app.UseRefusals();
        app.UseAuthentication();
        app.UseAuthorization();
        RequestContext.Use(app);
        IdempotencyMiddleware.Use(app);
    }

    public static void MapPlatform(this IEndpointRouteBuilder routes)
    {
        routes.MapHealth();
        routes.MapApiKeys();
        ListAuditEntries.Map(routes);
        routes.MapTestClock();
        routes.MapApiDocument();
    }
}
