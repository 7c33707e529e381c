using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Faults;

/// <summary>
/// Gateways post batches of events while Host and PostgreSQL are killed under them. What was accepted is in the ledger, and
/// what was posted again because nobody answered is in it once.
/// </summary>
[Collection(FaultCollection.Name)]
public sealed class KilledWhilePostingTests(ITestOutputHelper output)
{
    private const int Batches = 120;
    private const int Workers = 4;
    private const string Subject = "posting-customer";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Without_a_broker_nothing_is_lost_or_counted_twice_when_Host_and_PostgreSQL_are_killed()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var stack = await ProductStack.StartAsync(rabbitMq: null, limit.Token);

        await PostWhileAsync(stack, [Batches / 4, Batches / 2, Batches * 3 / 4], async (kill, token) =>
        {
            if (kill == 1)
            {
                await stack.Postgres.KillAsync(token);
                await stack.Postgres.RestartAsync(token);
                return;
            }

            await stack.Host.KillAsync(token);
            await stack.StartHostAsync(token);
        }, limit.Token);
    }

    [Fact]
    public async Task With_a_broker_nothing_is_lost_or_counted_twice_when_Host_is_killed()
    {
        var broker = Environment.GetEnvironmentVariable("METERING_TEST_RABBITMQ");
        Assert.SkipWhen(string.IsNullOrEmpty(broker), "METERING_TEST_RABBITMQ is not set: run the tests with ./metering test");
        using var limit = new CancellationTokenSource(Limit);
        await using var stack = await ProductStack.StartAsync(broker, limit.Token);

        await PostWhileAsync(stack, [Batches / 3, Batches * 2 / 3], async (_, token) =>
        {
            await stack.Host.KillAsync(token);
            await stack.StartHostAsync(token);
        }, limit.Token);
    }

    /// <param name="killAt">After how many accepted batches the next kill comes.</param>
    private async Task PostWhileAsync(
        ProductStack stack, int[] killAt, Func<int, CancellationToken, Task> killAsync, CancellationToken cancellationToken)
    {
        await SampleCatalog.PublishAsync(stack.PostAsync);
        var posting = new EventPosting(stack.HostUrl, ProductStack.AdminKey, Subject);
        var work = posting.PostAsync(Batches, Workers, cancellationToken);
        for (var kill = 0; kill < killAt.Length; kill++)
        {
            await posting.ReachedAsync(killAt[kill], cancellationToken);
            await killAsync(kill, cancellationToken);
        }

        await work;
        var expected = EventPosting.IdsOf(Batches);
        var evidence = new LedgerEvidence(stack.Postgres.ConnectionString);
        var stored = await evidence.SettledEventsAsync(expected.Count, cancellationToken);

        output.WriteLine(
            $"posted {expected.Count} events in {Batches} batches, {posting.Repeated} posts repeated, {killAt.Length} kills: "
            + $"{stored.Length} stored, {await evidence.AsideAsync(cancellationToken)} set aside");
        Assert.Equal(expected.Order(), stored.Select(one => one.Id).Order());
        Assert.Equal(0, await evidence.AsideAsync(cancellationToken));

        // The rollups and the events were written by the same transactions: they have to say the same.
        Assert.Equal(expected.Count, await UsageAsync(stack, "requests"));
        Assert.Equal(Batches * EventPosting.EventsPerBatch * (EventPosting.EventsPerBatch + 1) / 2, await UsageAsync(stack, "tokens"));
        stack.Succeed();
    }

    private static async Task<decimal> UsageAsync(ProductStack stack, string meter)
    {
        var answer = await stack.Client.GetFromJsonAsync<JsonNode>($"/api/v1/meters/{meter}/query?subject={Subject}");
        return answer!["data"]!.AsArray().Sum(row => row!["value"]!.GetValue<decimal>());
    }
}
