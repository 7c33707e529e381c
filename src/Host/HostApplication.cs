using Metering.Ingest;
using Metering.Invoicing;
using Metering.Notifications;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Security;
using Metering.Portal;
using Metering.Subscriptions;

namespace Metering.Host;

/// <summary>The monolith put together: platform, then the modules in the order in which they may know each other.</summary>
public static class HostApplication
{
    private static readonly MigrationSet[] MigrationSets =
    [
        PlatformModule.Migrations, IngestModule.Migrations, SubscriptionsModule.Migrations, InvoicingModule.Migrations,
        NotificationsModule.Migrations, PortalModule.Migrations,
    ];

    /// <summary>Migrated, keys present, ready to run. The caller owns and disposes the application.</summary>
    public static async Task<WebApplication> CreateAsync(MeteringOptions options, CancellationToken cancellationToken)
    {
        var dataSource = PlatformModule.CreateDataSource(options);
        var database = new MeteringDatabase(dataSource);
        await MigrateAsync(database, cancellationToken);
        var clock = await TestClock.OpenAsync(database, options.TestClock, cancellationToken);
        options = options with { TestClock = clock.Stands ? clock.GetCurrentInstant() : null };

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddJsonConsole().SetMinimumLevel(LogLevel.Warning).AddFilter("Metering", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestLimits.MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = RequestLimits.MaxHeaderBytes;
        });
        builder.WebHost.UseUrls($"http://{options.BindAddress}:{options.Port}");
        builder.Services.AddPlatform(options, dataSource, clock);
        builder.Services.AddIngest(options);
        builder.Services.AddSubscriptions();
        builder.Services.AddInvoicing(options);
        builder.Services.AddNotifications();
        builder.Services.AddPortal();

        var app = builder.Build();
        app.UsePlatform();
        app.MapPlatform();
        app.MapIngest();
        app.MapSubscriptions();
        app.MapInvoicing();
        app.MapNotifications();
        app.MapPortal();
        await app.Services.GetRequiredService<FirstKeys>().EnsureAsync(cancellationToken);
        return app;
    }

    /// <summary>Brings a database to this version.</summary>
    public static async Task MigrateAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        using var logging = LoggerFactory.Create(log => log.AddJsonConsole());
        await new Migrator(database, MigrationSets, logging.CreateLogger<Migrator>()).MigrateAsync(cancellationToken);
    }
}
