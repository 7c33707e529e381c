using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.InProcess;

/// <summary>
/// Everything of the sidecar but its server, with services of its own: the application's are neither seen nor changed.
/// </summary>
internal sealed class InProcessEngine : IHostedService, IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly IHostedService[] loops;
    private int running;

    /// <exception cref="InvalidOptionException">An option is wrong, or the data directory can not be used.</exception>
    public InProcessEngine(MeteringEnforcementOptions options, ILoggerFactory loggers)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton(loggers);
        collection.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        EnforcementServices.Add(collection, options.ToSidecar(), TimeProvider.System);
        services = collection.BuildServiceProvider();
        loops = [.. services.GetServices<IHostedService>()];
        Decisions = services.GetRequiredService<DecisionEngine>();
        Counts = services.GetRequiredService<DecisionCounts>();
        Access = services.GetRequiredService<AccessState>();
        Time = services.GetRequiredService<ProductTime>();
        Settling = services.GetRequiredService<SettleEndpoint>();
    }

    public DecisionEngine Decisions { get; }

    public DecisionCounts Counts { get; }

    public AccessState Access { get; }

    public ProductTime Time { get; }

    public SettleEndpoint Settling { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var loop in loops)
        {
            await loop.StartAsync(cancellationToken);
            running++;
        }
    }

    /// <summary>In the opposite order: leases go back, then usage is shipped.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        while (running > 0)
        {
            await loops[--running].StopAsync(cancellationToken);
        }
    }

    /// <summary>An application that is thrown away without being stopped still must not have its counters taken from under its loops.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await services.DisposeAsync();
    }
}
