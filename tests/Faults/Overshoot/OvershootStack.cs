using System.Globalization;
using Metering.Testing;

namespace Metering.Faults.Overshoot;

/// <summary>PostgreSQL, Host and the sidecars, started when the first seed asks for them and used by all.</summary>
public class OvershootStack(TimeSpan leaseLifetime) : IAsyncDisposable
{
    public const int Sidecars = 8;

    private int running;

    internal ProductStack Product { get; private set; } = null!;

    internal SidecarFleet Fleet { get; private set; } = null!;

    /// <summary>A seed begins; the folder with the logs stays until each that began has ended well.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        running++;
        if (Product is null)
        {
            var settings = new Dictionary<string, string>
            {
                ["METERING_LEASE_SECONDS"] = leaseLifetime.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            };
            Product = await ProductStack.StartAsync(rabbitMq: null, cancellationToken, hostSettings: settings);
            await SampleCatalog.PublishAsync(Product.PostAsync);
            Fleet = await SidecarFleet.StartAsync(Product, Sidecars, cancellationToken);
        }
    }

    public void EndWell() => running--;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Fleet is not null)
        {
            await Fleet.DisposeAsync();
        }

        if (Product is not null)
        {
            if (running == 0)
            {
                Product.Succeed();
            }

            await Product.DisposeAsync();
        }
    }
}
