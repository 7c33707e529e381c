using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Sidecar.Bench.Servers;

/// <summary>The usual way: the same Kestrel, the counter in Redis, one script call per request, three headers on the answer.</summary>
internal static class RedisFront
{
    private const string Limit = "1000000000000";

    public static async Task RunAsync(int port, int redisPort)
    {
        var redis = await RedisCounter.ConnectAsync(redisPort);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(port);
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            var left = await redis.TakeAsync(context.Request.Headers["X-Api-Key"].ToString(), Limit);
            context.Response.StatusCode = left < 0 ? 429 : 200;
            context.Response.ContentLength = 0;
            context.Response.Headers["Ratelimit-Policy"] = "\"quota\";q=1000000000000;w=86400";
            context.Response.Headers["Ratelimit"] = $"\"quota\";r={left};t=3600";
            context.Response.Headers["X-Meter-Customer"] = "customer";
        });
        await app.RunAsync();
    }
}
