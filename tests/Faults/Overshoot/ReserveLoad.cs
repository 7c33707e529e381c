using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net;
using Metering.Testing;

namespace Metering.Faults.Overshoot;

/// <summary>
/// Many callers at the same time, each asking one sidecar after another for one customer after another: who is asked for is Zipf's choice,
/// which sidecar is chance. Counts, for each customer, the units that were answered 200, and those that were not answered at all.
/// </summary>
internal sealed class ReserveLoad : IDisposable
{
    public const int MaxUnits = 3;
    private const int Statuses = 600;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromMilliseconds(20);

    private readonly ImmutableArray<LoadCustomer> customers;
    private readonly ImmutableArray<HttpClient> sidecars;
    private readonly ImmutableArray<double> reach;
    private readonly long[] admitted;
    private readonly long[] unanswered;
    private readonly int[] byStatus = new int[Statuses];

    public ReserveLoad(SidecarFleet fleet, ImmutableArray<LoadCustomer> customers)
    {
        this.customers = customers;
        admitted = new long[customers.Length];
        unanswered = new long[customers.Length];
        sidecars = [.. Enumerable.Range(0, fleet.Size).Select(sidecar => new HttpClient { BaseAddress = fleet.UrlOf(sidecar), Timeout = Patience })];
        var weights = customers.Select((_, rank) => 1.0 / (rank + 1)).ToImmutableArray();
        var sum = 0.0;
        reach = [.. weights.Select(weight => sum += weight / weights.Sum())];
    }

    /// <summary>Units of the customer for which a gateway would have forwarded requests. Only rises.</summary>
    public long AdmittedOf(int customer) => Interlocked.Read(ref admitted[customer]);

    /// <summary>Units for which nobody knows: the sidecar died or was stopped while it was asked.</summary>
    public long UnansweredOf(int customer) => Interlocked.Read(ref unanswered[customer]);

    /// <summary>How many answers there were of a status; 0 counts requests without an answer.</summary>
    public int With(int status) => Volatile.Read(ref byStatus[status]);

    public int Asked => byStatus.Sum();

    /// <summary>Until it is told to stop.</summary>
    public Task RunAsync(int seed, int callers, CancellationToken enough) =>
        Task.WhenAll(Enumerable.Range(1, callers).Select(caller => CallAsync(new SplitMix(((ulong)seed << 32) | (uint)caller), enough)));

    /// <summary>Returns when so many have been denied: caps have been reached, however slow the machine is.</summary>
    public async Task DeniedAsync(int times, CancellationToken cancellationToken)
    {
        while (With((int)HttpStatusCode.TooManyRequests) < times)
        {
            await Task.Delay(AfterTrouble, cancellationToken);
        }
    }

    /// <returns>0 when there was no answer.</returns>
    public async Task<int> ReserveAsync(int customer, int sidecar, long units)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/check");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", customers[customer].ApiKey);
        request.Headers.Add("X-Meter-Feature", "summarize");
        request.Headers.Add("X-Meter-Units", $"{units}");
        var status = await StatusOfAsync(sidecars[sidecar], request);
        Interlocked.Increment(ref byStatus[status]);
        if (status is 0 or (int)HttpStatusCode.OK)
        {
            Interlocked.Add(ref (status == 0 ? unanswered : admitted)[customer], units);
        }

        return status;
    }

    public void Dispose()
    {
        foreach (var client in sidecars)
        {
            client.Dispose();
        }
    }

    private static async Task<int> StatusOfAsync(HttpClient sidecar, HttpRequestMessage request)
    {
        try
        {
            using var response = await sidecar.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return 0;
        }
    }

    private async Task CallAsync(SplitMix random, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var customer = CustomerAt(random.Below(1_000_000) / 1_000_000.0);
            var status = await ReserveAsync(customer, random.Below(sidecars.Length), 1 + random.Below(MaxUnits));
            if (status is 0 or (int)HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(AfterTrouble, CancellationToken.None);
            }
        }
    }

    private int CustomerAt(double place)
    {
        var customer = 0;
        while (customer < reach.Length - 1 && place >= reach[customer])
        {
            customer++;
        }

        return customer;
    }
}
