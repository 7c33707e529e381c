using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Metering.Faults.Overshoot;

/// <summary>What Host's own account of the pools says, read through the API as an operator reads it.</summary>
internal sealed class PoolWatch(HttpClient host)
{
    private const int PageSize = 1_000;

    /// <summary>Customer id → its pool.</summary>
    public async Task<ImmutableDictionary<string, PoolReading>> ReadAsync(CancellationToken cancellationToken)
    {
        var page = JsonNode.Parse(await host.GetStringAsync($"/api/v1/sidecar/pools?pageSize={PageSize}", cancellationToken))!;
        return page["items"]!.AsArray().ToImmutableDictionary(
            pool => (string)pool!["customerId"]!,
            pool => new PoolReading(
                (long)pool!["cap"]!, (long)pool["settled"]!, (long)pool["held"]!, (long)pool["free"]!, (bool)pool["conserves"]!));
    }

    /// <summary>Null while Host can not tell, as when its database is down.</summary>
    public async Task<ImmutableDictionary<string, PoolReading>?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

internal sealed record PoolReading(long Cap, long Settled, long Held, long Free, bool Conserves);
