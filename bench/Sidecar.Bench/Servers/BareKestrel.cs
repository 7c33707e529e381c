using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>The yardstick: Kestrel with one terminal middleware that answers 204.</summary>
internal static class BareKestrel
{
    public static async Task RunAsync(int port, string socket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(port);
            kestrel.ListenUnixSocket(socket);
        });
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        await app.RunAsync();
    }
}
