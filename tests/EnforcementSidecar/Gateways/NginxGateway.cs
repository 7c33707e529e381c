using System.Diagnostics;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>A real nginx with the configuration that users are given, unprivileged where the test is not.</summary>
internal sealed class NginxGateway : IAsyncDisposable
{
    private const string Binary = "/usr/sbin/nginx";
    private const string Module = "/usr/lib/nginx/modules/ngx_http_js_module.so";

    private readonly Process process;
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> errors = new();
    private readonly string directory;

    private NginxGateway(Process process, string directory, int port)
    {
        this.process = process;
        this.directory = directory;
        process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public static bool IsInstalled => File.Exists(Binary) && File.Exists(Module);

    public HttpClient Client { get; }

    /// <summary>What nginx itself had to say.</summary>
    public string Errors => string.Join('\n', errors);

    public static async Task<NginxGateway> StartAsync(Uri sidecar, Uri upstream)
    {
        var directory = Directory.CreateTempSubdirectory("metering-nginx-").FullName;
        var port = FreePort.Take(1).Single();
        var start = new ProcessStartInfo(Binary, NginxSample.Render(directory, port, sidecar.Authority, upstream.Authority))
        {
            RedirectStandardError = true,
        };
        if (Environment.IsPrivilegedProcess)
        {
            // Started by root, its workers would run as nobody and could not read the directory.
            string[] asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", Binary];
            start = new ProcessStartInfo("setpriv", [.. asNobody, .. start.ArgumentList]) { RedirectStandardError = true };
            using var owner = Process.Start("chown", ["-R", "65534:65534", directory]);
            await owner.WaitForExitAsync();
        }

        var gateway = new NginxGateway(Process.Start(start)!, directory, port);
        await Eventually.TrueAsync(gateway.AnswersAsync, "nginx");
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            using var stop = Process.Start("kill", ["-QUIT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync();
        }

        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        if (process.HasExited)
        {
            throw new InvalidOperationException(Errors);
        }

        try
        {
            return (await Client.GetAsync("/health")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
