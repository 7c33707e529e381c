using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>The API behind the gateway: answers like an LLM and remembers what it was sent.</summary>
internal sealed class StubService : IAsyncDisposable
{
    private readonly WebApplication application;

    private StubService(WebApplication application) => this.application = application;

    public List<(string Target, string Body, IHeaderDictionary Headers)> Requests { get; } = [];

    public Uri Url => new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<StubService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var service = new StubService(builder.Build());
        service.application.Run(service.HandleAsync);
        await service.application.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        lock (Requests)
        {
            var headers = new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
            Requests.Add((context.Request.Path + context.Request.QueryString, body, headers));
        }

        if (context.Request.Path == "/v1/forbidden")
        {
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync("the service's own no");
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers["X-Service"] = "stub";
        await context.Response.WriteAsync(
            """{"model":"stub-1","choices":[],"usage":{"prompt_tokens":120,"completion_tokens":30,"total_tokens":150}}""");
    }
}
