using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Metering.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Metering.Faults;

/// <summary>
/// Customers call a model through nginx while Host, the sidecar and PostgreSQL are killed one after another and come back.
/// Whoever got an answer is in the ledger once, and a hard limit holds.
/// </summary>
[Collection(FaultCollection.Name)]
public sealed class KilledWhileServingTests(ITestOutputHelper output)
{
    private const string Capped = "capped";
    private const string Open = "open";
    private const int Cap = 200;
    private const int FarAway = 1_000_000;
    private const int Workers = 8;
    private const int MaxRequests = 60_000;

    // How many answers there are between one kill and the next.
    private const int AnswersBetween = 250;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Nothing_answered_is_lost_or_counted_twice_and_no_hard_limit_is_passed()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var stack = await ProductStack.StartAsync(rabbitMq: null, limit.Token);
        await SampleCatalog.PublishAsync(stack.PostAsync);
        ImmutableArray<LoadCustomer> customers =
            [await LoadCustomer.SignUpAsync(stack, Capped, Cap), await LoadCustomer.SignUpAsync(stack, Open, FarAway)];
        await stack.StartSidecarAsync(limit.Token);
        await stack.StartGatewayAsync(limit.Token);

        var load = new GatewayLoad(stack.GatewayUrl, Workers, MaxRequests);
        await KillEachInTurnAsync(stack, load, customers, limit.Token);

        var evidence = new LedgerEvidence(stack.Postgres.ConnectionString);
        var answered = load.Sent.Where(request => request.Status == StatusCodes.Status200OK)
            .Select(request => request.RequestId).ToImmutableHashSet();
        var stored = await evidence.SettledEventsAsync(answered.Count, limit.Token);
        Report(load.Sent, stored, await evidence.PoolAsync(Capped, limit.Token));

        Assert.DoesNotContain("", answered);
        Assert.Empty(answered.Except(stored.Select(one => one.RequestId)));
        Assert.Equal(stored.Length, stored.Select(one => one.RequestId).Distinct().Count());
        Assert.Equal(0, await evidence.AsideAsync(limit.Token));
        Assert.Equal(0, await evidence.BrokenPoolsAsync(limit.Token));
        await AssertCapHeldAsync(load.Sent, stored, evidence, limit.Token);

        // Nobody was refused for somebody else's outage: what could not be decided is 503, or no answer at all.
        Assert.DoesNotContain(load.Sent, request => request.CustomerKey == Open && request.Status is >= 400 and < 500);
        Assert.DoesNotContain(load.Sent, request => request.CustomerKey == Capped && request.Status is >= 400 and < 500 and not 429);
        stack.Succeed();
    }

    private static async Task KillEachInTurnAsync(
        ProductStack stack, GatewayLoad load, ImmutableArray<LoadCustomer> customers, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = load.RunAsync(customers, enough.Token);

        await load.AnsweredAsync(AnswersBetween, cancellationToken);
        await stack.Host.KillAsync(cancellationToken);
        await stack.StartHostAsync(cancellationToken);

        await load.AnsweredAsync(AnswersBetween * 2, cancellationToken);
        await stack.Sidecar.KillAsync(cancellationToken);
        await stack.StartSidecarAsync(cancellationToken);

        await load.AnsweredAsync(AnswersBetween * 3, cancellationToken);
        await stack.Postgres.KillAsync(cancellationToken);
        await stack.Postgres.RestartAsync(cancellationToken);

        await load.AnsweredAsync(AnswersBetween * 4, cancellationToken);
        await enough.CancelAsync();
        await running;
    }

    private static async Task AssertCapHeldAsync(
        ImmutableArray<SentRequest> sent, ImmutableArray<StoredEvent> stored, LedgerEvidence evidence, CancellationToken cancellationToken)
    {
        var pool = await evidence.PoolAsync(Capped, cancellationToken);
        var events = stored.Count(one => one.Subject == Capped);
        Assert.Equal(Cap, pool.Cap);
        Assert.True(pool.Settled + pool.Held <= Cap, $"settled {pool.Settled} and held {pool.Held} pass the cap of {Cap}");
        Assert.True(events <= pool.Settled + pool.Held, $"{events} events and only {pool.Settled} settled, {pool.Held} held");
        Assert.True(
            sent.Any(request => request.Status == StatusCodes.Status429TooManyRequests),
            "The cap was never reached; the test shows nothing about it.");
    }

    private void Report(ImmutableArray<SentRequest> sent, ImmutableArray<StoredEvent> stored, (long Cap, long Settled, long Held) pool)
    {
        foreach (var customer in new[] { Capped, Open })
        {
            var own = sent.Where(request => request.CustomerKey == customer).ToImmutableArray();
            int With(int status) => own.Count(request => request.Status == status);
            output.WriteLine(
                $"{customer}: asked {own.Length}, accepted {With(200)}, denied {With(429)}, unavailable {With(503)}, unknown {With(0)}, "
                + $"other {own.Count(request => request.Status is not (200 or 429 or 503 or 0))}; "
                + $"events {stored.Count(one => one.Subject == customer)}");
        }

        output.WriteLine($"cap {pool.Cap}: settled {pool.Settled}, held {pool.Held}");
    }
}
