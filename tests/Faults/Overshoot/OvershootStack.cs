using System.Globalization;
using Metering.Testing;

namespace Metering.Faults.Overshoot;

/// <summary>PostgreSQL, Host and the sidecars, started when the first seed asks for them and used by all.</summary>
public sealed class OvershootStack : IAsyncDisposable
{
    public const int Sidecars = 8;

    /// <summary>Short, so that a seed can outlast it several times.</summary>
    public static readonly TimeSpan LeaseLifetime = TimeSpan.FromSeconds(3);

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
                ["METERING_LEASE_SECONDS"] = LeaseLifetime.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            };
            Product = await ProductStack.StartAsync(rabbitMq: null, cancellationToken, hostSettings: settings);
            await SampleCatalog.PublishAsync(Product.PostAsync);
            Fleet = await SidecarFleet.StartAsync(Product, Sidecars, cancellationToken);
        }
    }

    public void EndWell() => running--;

    public async ValueTask DisposeAsync()
    {
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
