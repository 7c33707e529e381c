using System.Diagnostics;
using Metering.Testing;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The sidecar as a process of its own, so that it can be killed.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private readonly Process process;

    private SidecarProcess(Process process, int port)
    {
        this.process = process;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public HttpClient Client { get; }

    public static async Task<SidecarProcess> StartAsync(FakeHost host, string directory)
    {
        var port = FreePort.Take(1).Single();
        var process = Process.Start(StartOf(
            ("METERING_HOST_URL", host.Url.ToString()), ("METERING_SIDECAR_KEY", FakeHost.SidecarKey), ("METERING_SIDECAR_DATA", directory),
            ("METERING_SIDECAR_PORT", port.ToString(System.Globalization.CultureInfo.InvariantCulture))))!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var sidecar = new SidecarProcess(process, port);
        await Eventually.TrueAsync(sidecar.IsReadyAsync, "the sidecar process");
        return sidecar;
    }

    /// <summary>What it says, and how it exits, when it can not start.</summary>
    public static async Task<(int ExitCode, string Error)> FailToStartAsync(params (string Name, string Value)[] environment)
    {
        using var process = Process.Start(StartOf(environment))!;
        process.BeginOutputReadLine();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error.Trim());
    }

    /// <summary>SIGKILL: nothing is flushed, given back or said.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static ProcessStartInfo StartOf(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SidecarOptions).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await Client.GetAsync("/health/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
