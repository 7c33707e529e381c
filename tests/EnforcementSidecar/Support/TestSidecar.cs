using System.Net.Http.Headers;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The whole sidecar in this process, on a free port and with a data directory of its own.</summary>
internal sealed class TestSidecar : IAsyncDisposable
{
    private readonly WebApplication application;

    private TestSidecar(WebApplication application, string directory)
    {
        this.application = application;
        DataDirectory = directory;
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Client = new HttpClient { BaseAddress = new Uri(addresses.Single()) };
    }

    public string DataDirectory { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => application.Services;

    public static async Task<TestSidecar> StartAsync(
        FakeHost host, string? directory = null, bool waitUntilReady = true, AnswerDialect? dialect = null, TimeProvider? monotonic = null)
    {
        var data = directory ?? Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var options = new SidecarOptions(host.Url, FakeHost.SidecarKey, data, "127.0.0.1", 0) { Dialect = dialect ?? AnswerDialect.Default };
        var application = SidecarApplication.Create(options, monotonic ?? TimeProvider.System);
        await application.StartAsync();
        var sidecar = new TestSidecar(application, data);
        if (waitUntilReady)
        {
            await Eventually.TrueAsync(() => application.Services.GetRequiredService<AccessState>().Current is not null, "a snapshot");
            await host.SettleChangesAsync();
        }

        return sidecar;
    }

    /// <summary>Beside a Host that is no fake.</summary>
    public static async Task<TestSidecar> StartBesideAsync(Uri hostUrl, string key)
    {
        var data = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var application = SidecarApplication.Create(new SidecarOptions(hostUrl, key, data, "127.0.0.1", 0), TimeProvider.System);
        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Services.GetRequiredService<AccessState>().Current is not null, "a snapshot");
        return new TestSidecar(application, data);
    }

    public Task<HttpResponseMessage> CheckAsync(string key, string? feature = "summarize", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, "/v1/check", key, feature, headers);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? key, string? feature, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in feature is null ? headers : [("X-Meter-Feature", feature), .. headers])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await application.StopAsync();
        await application.DisposeAsync();
    }
}
