using Microsoft.AspNetCore.Http;
using Xunit;

namespace Metering.Faults;

/// <summary>
/// Host is away for so long that the disk of the sidecar's spool is full. The gateway then says that it can not serve; whoever got an answer
/// is in the ledger once, and when Host is back the sidecar serves again by itself.
/// </summary>
[Collection(FaultCollection.Name)]
public sealed class FullSpoolDiskTests(ITestOutputHelper output)
{
    /// <summary>Room for some forty events: it is full before the leases of a Host that is away run out.</summary>
    private const string SpoolDisk = "16k";

    private const int FarAway = 1_000_000;
    private const int Workers = 8;
    private const int MaxRequests = 60_000;
    private const int AnswersBefore = 100;
    private const int Refusals = 100;
    private const int AnswersAfter = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Nothing_answered_is_lost_or_counted_twice_when_the_disk_of_the_spool_is_full()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var stack = await ProductStack.StartAsync(rabbitMq: null, limit.Token);
        await Testing.SampleCatalog.PublishAsync(stack.PostAsync);
        var customer = await LoadCustomer.SignUpAsync(stack, "open", FarAway);
        await stack.StartSidecarAsync(limit.Token, SpoolDisk);
        await stack.StartGatewayAsync(limit.Token);

        var load = new GatewayLoad(stack.GatewayUrl, Workers, MaxRequests);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var running = load.RunAsync([customer], enough.Token);
        await load.AnsweredAsync(AnswersBefore, limit.Token);
        await stack.Host.KillAsync(limit.Token);
        await load.AnsweredWithAsync(StatusCodes.Status503ServiceUnavailable, Refusals, limit.Token);
        var answersWithoutHost = load.Sent.Count(request => request.Status == StatusCodes.Status200OK);
        await stack.StartHostAsync(limit.Token);
        await load.AnsweredAsync(answersWithoutHost + AnswersAfter, limit.Token);
        await enough.CancelAsync();
        await running;

        var answered = load.Sent.Where(request => request.Status == StatusCodes.Status200OK).Select(request => request.RequestId).ToHashSet();
        var evidence = new LedgerEvidence(stack.Postgres.ConnectionString);
        var stored = await evidence.SettledEventsAsync(answered.Count, limit.Token);
        output.WriteLine($"answered {answered.Count}, of them {answersWithoutHost} before Host came back; stored {stored.Length}");
        Assert.Contains("No space left on device", await stack.Sidecar.ReadLogAsync(), StringComparison.Ordinal);
        Assert.Empty(answered.Except(stored.Select(one => one.RequestId)));
        Assert.Equal(stored.Length, stored.Select(one => one.RequestId).Distinct().Count());
        Assert.Equal(0, await evidence.AsideAsync(limit.Token));
        stack.Succeed();
    }
}
