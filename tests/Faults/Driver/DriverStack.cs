using System.Globalization;
using Metering.Testing;
using Npgsql;

namespace Metering.Faults.Driver;

/// <summary>PostgreSQL, a broker if one is wanted, Host between them, and what breaks each.</summary>
internal sealed class DriverStack : IAsyncDisposable
{
    private readonly CommitCutter cutter;
    private int running;

    private DriverStack(ProductStack product, PrivateRabbitMq? broker, CommitCutter cutter)
    {
        Product = product;
        Broker = broker;
        this.cutter = cutter;
    }

    public ProductStack Product { get; }

    public PrivateRabbitMq? Broker { get; }

    /// <summary>A seed begins; the folder with the logs stays until each that began has ended well.</summary>
    public void Begin() => running++;

    public void EndWell() => running--;

    public static async Task<DriverStack> StartAsync(bool withBroker, CancellationToken cancellationToken)
    {
        var broker = withBroker ? await PrivateRabbitMq.StartAsync(cancellationToken) : null;
        CommitCutter? cutter = null;
        var product = await ProductStack.StartAsync(broker?.Url, cancellationToken, server =>
        {
            var connection = new NpgsqlConnectionStringBuilder(server);
            cutter = new CommitCutter(connection.Port);
            connection.Port = cutter.Port;
            return connection.ConnectionString;
        });
        var stack = new DriverStack(product, broker, cutter!);
        await SampleCatalog.PublishAsync(product.PostAsync);
        return stack;
    }

    public async Task BreakAsync(Fault fault, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case Fault.HostKilled:
                await Product.Host.KillAsync(cancellationToken);
                await Product.StartHostAsync(cancellationToken);
                break;
            case Fault.BrokerRestarted:
                await Broker!.StopAsync(cancellationToken);
                await Broker.RestartAsync(cancellationToken);
                break;
            case Fault.BrokerKilled:
                await Broker!.KillAsync(cancellationToken);
                await Broker.RestartAsync(cancellationToken);
                break;
            case Fault.PostgresKilled:
                await Product.Postgres.KillAsync(cancellationToken);
                await Product.Postgres.RestartAsync(cancellationToken);
                break;
            case Fault.CommitCut:
                await CutAsync(cancellationToken);
                break;
            default:
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"There is no way to break {fault}."));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (running == 0)
        {
            Product.Succeed();
        }

        await Product.DisposeAsync();
        await cutter.DisposeAsync();
        if (Broker is not null)
        {
            await Broker.DisposeAsync();
        }
    }

    private async Task CutAsync(CancellationToken cancellationToken)
    {
        var before = cutter.Cuts;
        cutter.Arm();
        while (cutter.Cuts == before)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
    }
}
