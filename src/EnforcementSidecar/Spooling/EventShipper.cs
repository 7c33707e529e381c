using System.Net.Http.Headers;
using System.Text.Json;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Spooling;

/// <summary>
/// Carries spooled events to Host, in order, until it has said yes to each. Repeating a batch is harmless: an event is known
/// by its source and id, and a reservation is settled once. What reservations did not use is given back before their events are sent.
/// </summary>
internal sealed class EventShipper(
    EventSpool spool, SpoolReader reader, SpoolNumbering numbering, ParkedEvents parked, SettlementClient settlements, HttpClient http,
    TimeProvider monotonic, ILogger<EventShipper> logger)
    : IHostedService
{
    public const int MaxBatch = 500;
    private const int MaxBatchBytes = 512 << 10;
    private const int NumberBytes = 128;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource giveUp = new();
    private Task loop = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Ships what is left, as far as a few seconds and Host allow; the rest waits on disk.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await spool.CompleteAsync();
        giveUp.CancelAfter(DrainTime);
        using var hurry = cancellationToken.Register(giveUp.Cancel);
        await stopping.CancelAsync();
        await loop;
        if (reader.Next <= spool.Durable)
        {
            logger.SpoolNotEmpty(spool.Bytes);
        }
    }

    private async Task RunAsync()
    {
        while (!giveUp.IsCancellationRequested)
        {
            var shipped = await TryShipAsync();
            if (!shipped && stopping.IsCancellationRequested)
            {
                return;
            }

            if (!shipped)
            {
                await spool.WaitForMoreAsync(Look, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>False when there is nothing to ship, or the disk refuses: then it is tried again in a moment.</returns>
    private async Task<bool> TryShipAsync()
    {
        try
        {
            var batch = reader.Read(spool.Durable, MaxBatch, MaxBatchBytes);
            if (batch.Count > 0)
            {
                await ShipAsync(batch);
                return true;
            }

            // A full disk lets a segment begin and nothing be written to it: then the one before is in the way, and nothing new will come.
            spool.Freed(reader.Forget());
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.ShippingFailed(exception.Message, Look);
            return false;
        }
    }

    /// <summary>Returns when every event of the batch has been accepted or parked, or when it is time to give up.</summary>
    private async Task ShipAsync(List<SpoolRecord> batch)
    {
        for (var failures = 1; !giveUp.IsCancellationRequested; failures++)
        {
            var (verdict, status, reason) = await PostAsync(batch);
            switch (verdict)
            {
                case ShipmentVerdict.Accepted:
                    SidecarMetrics.EventsShipped.Add(batch.Count);
                    spool.Freed(reader.Advance(batch[^1]));
                    return;

                case ShipmentVerdict.Refused when batch.Count == 1:
                    parked.Add(batch[0], status, reason);
                    SidecarMetrics.EventsParked.Add(1);
                    logger.EventParked(IdOf(batch[0]), status, parked.FilePath);
                    spool.Freed(reader.Advance(batch[0]));
                    return;

                case ShipmentVerdict.Refused:
                    var (first, second) = ShippingRules.Split(batch);
                    await ShipAsync(first);
                    await ShipAsync(second);
                    return;

                case ShipmentVerdict.TryAgain:
                    var delay = RetrySchedule.DelayAfter(failures, RetrySchedule.Chance());
                    logger.ShippingFailed(reason, delay);
                    await Task.Delay(delay, monotonic, giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
            }
        }
    }

    private async Task<(ShipmentVerdict Verdict, int Status, string Reason)> PostAsync(List<SpoolRecord> batch)
    {
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(giveUp.Token);
            bounded.CancelAfter(RequestTimeout);
            if (batch.SelectMany(record => SettledEvent.SettlementsOf(record.Payload)).ToList() is { Count: > 0 } settled
                && await settlements.ReportAsync(settled, bounded.Token) == ShipmentVerdict.TryAgain)
            {
                return (ShipmentVerdict.TryAgain, 0, "reservations could not be settled");
            }

            using var content = new ByteArrayContent(BodyOf(batch));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents-batch+json");
            using var response = await http.PostAsync(new Uri("api/v1/events", UriKind.Relative), content, bounded.Token);
            var verdict = ShippingRules.Judge(response.StatusCode);
            var reason = verdict == ShipmentVerdict.Refused
                ? await response.Content.ReadAsStringAsync(bounded.Token)
                : $"status {(int)response.StatusCode}";
            return (verdict, (int)response.StatusCode, reason);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return (ShipmentVerdict.TryAgain, 0, exception.Message);
        }
    }

    private byte[] BodyOf(List<SpoolRecord> batch)
    {
        using var body = new MemoryStream(batch.Sum(record => record.Payload.Length + NumberBytes) + 1);
        body.WriteByte((byte)'[');
        for (var i = 0; i < batch.Count; i++)
        {
            if (i > 0)
            {
                body.WriteByte((byte)',');
            }

            numbering.Write(batch[i], body);
        }

        body.WriteByte((byte)']');
        return body.ToArray();
    }

    private static string IdOf(SpoolRecord record)
    {
        using var json = JsonDocument.Parse(record.Payload);
        return json.RootElement.TryGetProperty("id", out var id) ? id.GetString() ?? "" : "";
    }
}
