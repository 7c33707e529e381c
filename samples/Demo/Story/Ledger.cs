using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>What the product has counted, asked through the meters.</summary>
public sealed class Ledger(HostApi api)
{
    private const int MaxAttempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task<long> SumAsync(string meter, DemoCustomer customer, CancellationToken cancellationToken)
    {
        var answer = await api.GetAsync($"/api/v1/meters/{meter}/query?subject={customer.Subject}", cancellationToken);
        return (long)answer["data"]!.AsArray().Sum(row => row!["value"]!.GetValue<decimal>());
    }

    /// <summary>Events travel for a moment; when they do not arrive, the number that is there is returned and the story says so.</summary>
    public async Task<long> SumOnceArrivedAsync(string meter, DemoCustomer customer, long expected, CancellationToken cancellationToken)
    {
        var found = await SumAsync(meter, customer, cancellationToken);
        for (var attempt = 0; found < expected && attempt < MaxAttempts; attempt++)
        {
            await Task.Delay(Pause, cancellationToken);
            found = await SumAsync(meter, customer, cancellationToken);
        }

        return found;
    }

    /// <summary>How much of the running period's summaries is used up: by events, or by what sidecars have let through, whichever is more.</summary>
    public async Task<long> QuotaUsedAsync(DemoCustomer customer, CancellationToken cancellationToken)
    {
        var value = await api.GetAsync($"/api/v1/customers/{customer.Key}/entitlements/summarize/value", cancellationToken);
        return (long)value["usage"]!.GetValue<decimal>();
    }
}
