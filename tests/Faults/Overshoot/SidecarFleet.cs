using System.Collections.Immutable;
using Metering.Testing;

namespace Metering.Faults.Overshoot;

/// <summary>Sidecars as processes, each with a folder, a port and a way to Host of its own.</summary>
internal sealed class SidecarFleet : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly ProductStack stack;
    private readonly ImmutableArray<Member> members;
    private readonly HttpClient probe = new() { Timeout = TimeSpan.FromSeconds(2) };

    private SidecarFleet(ProductStack stack, int size)
    {
        this.stack = stack;
        members = [.. FreePort.Take(size).Select(port => new Member(port, new PartitionProxy(stack.HostUrl.Port)))];
    }

    public int Size => members.Length;

    public static async Task<SidecarFleet> StartAsync(ProductStack stack, int size, CancellationToken cancellationToken)
    {
        var fleet = new SidecarFleet(stack, size);
        await Task.WhenAll(Enumerable.Range(0, size).Select(sidecar => fleet.StartOneAsync(sidecar, cancellationToken)));
        return fleet;
    }

    public Uri UrlOf(int sidecar) => new($"http://127.0.0.1:{members[sidecar].Port}");

    /// <summary>Breaks it and mends it again.</summary>
    public async Task SufferAsync(TroublePlan plan, CancellationToken cancellationToken)
    {
        var member = members[plan.Sidecar];
        switch (plan.Trouble)
        {
            case Trouble.SidecarKilled:
                await member.Process!.KillAsync(cancellationToken);
                await member.Process.DisposeAsync();
                await StartOneAsync(plan.Sidecar, cancellationToken);
                break;
            case Trouble.SidecarPaused:
                member.Process!.Pause();
                await Task.Delay(plan.Lasts, cancellationToken);
                member.Process.Resume();
                break;
            case Trouble.Parted:
                member.Proxy.Break(plan.Partition);
                await Task.Delay(plan.Lasts, cancellationToken);
                member.Proxy.Heal();
                break;
            case Trouble.PostgresKilled:
                await stack.Postgres.KillAsync(cancellationToken);
                await stack.Postgres.RestartAsync(cancellationToken);
                break;
        }
    }

    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        for (var sidecar = 0; sidecar < Size; sidecar++)
        {
            await members[sidecar].Process!.WaitReadyAsync(ReadyProbe(sidecar), ReadyLimit, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A stopped process hears no SIGTERM.
        foreach (var member in members)
        {
            member.Process?.Resume();
        }

        await Task.WhenAll(members.Select(member => member.Process?.DisposeAsync().AsTask() ?? Task.CompletedTask));
        foreach (var member in members)
        {
            await member.Proxy.DisposeAsync();
        }

        probe.Dispose();
    }

    private async Task StartOneAsync(int sidecar, CancellationToken cancellationToken)
    {
        var member = members[sidecar];
        var environment = new Dictionary<string, string>
        {
            ["METERING_HOST_URL"] = $"http://127.0.0.1:{member.Proxy.Port}",
            ["METERING_SIDECAR_KEY_FILE"] = Path.Combine(stack.Folder, "host", "sidecar-key"),
            ["METERING_SIDECAR_DATA"] = Path.Combine(stack.Folder, $"sidecar-{sidecar}"),
            ["METERING_SIDECAR_PORT"] = $"{member.Port}",
        };
        member.Process = ManagedProcess.Start(
            $"sidecar-{sidecar}", "dotnet", [BuildOutput.Program("src/EnforcementSidecar", "Metering.EnforcementSidecar")], environment, stack.Logs);
        await member.Process.WaitReadyAsync(ReadyProbe(sidecar), ReadyLimit, cancellationToken);
    }

    private Func<CancellationToken, Task<bool>> ReadyProbe(int sidecar) => async cancellationToken =>
    {
        try
        {
            using var response = await probe.GetAsync(new Uri(UrlOf(sidecar), "/health/ready"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    };

    private sealed class Member(int port, PartitionProxy proxy)
    {
        public int Port => port;

        public PartitionProxy Proxy => proxy;

        public ManagedProcess? Process { get; set; }
    }
}
