using System.Net;
using System.Net.Http.Headers;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Spooling;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar;

/// <summary>The sidecar put together.</summary>
internal static class SidecarApplication
{
    private const int MaxHeaderBytes = 32 << 10;
    private const int MaxHeaders = 128;
    private const long MaxBodyBytes = 1 << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PooledConnectionLifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(12);

    /// <summary>Recovered from what an earlier process left, ready to run. The caller owns and disposes the application.</summary>
    /// <exception cref="InvalidOptionException">The data directory can not be used.</exception>
    public static WebApplication Create(SidecarOptions options, TimeProvider monotonic)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddJsonConsole().SetMinimumLevel(LogLevel.Warning).AddFilter("Metering", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.WebHost.UseUrls(AddressesOf(options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime);

        var services = builder.Services;
        var identity = OpenIdentity(options);
        var spool = Path.Combine(options.DataDirectory, "spool");
        services.AddSingleton(identity);
        services.AddSingleton(monotonic);
        services.AddSingleton(_ => OpenSlots(options, identity));
        services.AddSingleton(new SnapshotJournal(options.DataDirectory));
        services.AddSingleton(new ParkedEvents(options.DataDirectory));
        services.AddSingleton(_ => HostClient(options));
        services.AddSingleton<ProductTime>();
        services.AddSingleton<SidecarCount>();
        services.AddSingleton(provider => new LeaseClient(provider.GetRequiredService<HttpClient>(), identity.Id));
        services.AddSingleton<LeaseBroker>();
        services.AddSingleton<AccessState>();
        services.AddSingleton<DecisionEngine>();
        services.AddSingleton<RepeatedRequests>();
        services.AddSingleton(provider => SpoolReader.Open(spool, provider.GetRequiredService<ILogger<SpoolReader>>()));
        services.AddSingleton(provider =>
            EventSpool.Open(spool, provider.GetRequiredService<SpoolReader>().Next, provider.GetRequiredService<ILogger<EventSpool>>()));
        services.AddSingleton<CheckEndpoint>();
        services.AddSingleton<SettleEndpoint>();
        services.AddSingleton<LimitsEndpoint>();
        services.AddSingleton<SidecarRoutes>();

        // Stopped in the opposite order, after the last request has been answered: leases go back, then usage is shipped.
        services.AddHostedService<EventShipper>();
        services.AddHostedService(provider => provider.GetRequiredService<LeaseBroker>());
        services.AddHostedService<SnapshotFollower>();

        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<SidecarRoutes>().HandleAsync);
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.EnforcementSidecar").Started(identity.Id, options.HostUrl);
        return app;
    }

    /// <summary>What a killed process has left of its socket is in the way of the next.</summary>
    private static string[] AddressesOf(SidecarOptions options)
    {
        var tcp = $"http://{options.BindAddress}:{options.Port}";
        if (options.SocketPath is not { } socket)
        {
            return [tcp];
        }

        File.Delete(socket);
        return [tcp, $"http://unix:{socket}"];
    }

    private static SidecarIdentity OpenIdentity(SidecarOptions options)
    {
        try
        {
            Directory.CreateDirectory(options.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return SidecarIdentity.Open(options.DataDirectory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException("METERING_SIDECAR_DATA", $"names {options.DataDirectory}, which can not be written");
        }
    }

    private static LeaseSlots OpenSlots(SidecarOptions options, SidecarIdentity identity)
    {
        try
        {
            return LeaseSlots.Open(Path.Combine(options.DataDirectory, "leases"), identity.BootId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException(
                "METERING_SIDECAR_DATA", $"names {options.DataDirectory}, which another sidecar uses or which can not be written");
        }
    }

    private static HttpClient HostClient(SidecarOptions options)
    {
        // Requests bound their own time; the snapshot stream has no end. A redirect would carry the key elsewhere.
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = PooledConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
        };
        return new HttpClient(handler)
        {
            BaseAddress = options.HostUrl,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", options.Key) },
        };
    }
}
