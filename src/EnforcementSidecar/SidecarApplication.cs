using Metering.EnforcementSidecar.Http;

namespace Metering.EnforcementSidecar;

/// <summary>The sidecar put together.</summary>
internal static class SidecarApplication
{
    private const int MaxHeaderBytes = 32 << 10;
    private const int MaxHeaders = 128;
    private const long MaxBodyBytes = 1 << 20;
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

        EnforcementServices.Add(builder.Services, options, monotonic);
        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<SidecarRoutes>().HandleAsync);
        FreeSocket(options);
        var identity = app.Services.GetRequiredService<SidecarIdentity>();
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.EnforcementSidecar").Started(identity.Id, options.HostUrl);
        return app;
    }

    private static string[] AddressesOf(SidecarOptions options)
    {
        var tcp = $"http://{options.BindAddress}:{options.Port}";
        return options.SocketPath is { } socket ? [tcp, $"http://unix:{socket}"] : [tcp];
    }

    /// <summary>
    /// What a killed process has left of its socket is in the way of the next. To be called when the data directory is held: until then
    /// the socket may be that of a process that is alive.
    /// </summary>
    private static void FreeSocket(SidecarOptions options)
    {
        if (options.SocketPath is { } socket)
        {
            File.Delete(socket);
        }
    }
}
