using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Metering.Faults.Driver;

/// <summary>
/// 200,000 events of each seed go in while Host, the broker and PostgreSQL are killed and connections break right after a commit. At the end
/// what was accepted is stored exactly, by id; and the product's own sums are those of the driver, who added up what it sent.
/// More seeds on demand: METERING_FAULT_SEEDS=11,12,13.
/// </summary>
[Collection(FaultCollection.Name)]
public sealed class SeededFaultsTests(DriverStacks stacks, ITestOutputHelper output) : IClassFixture<DriverStacks>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static IEnumerable<TheoryDataRow<int>> WithBrokerSeeds() =>
        Enumerable.Range(1, 7).Concat(SeedsAskedFor()).Select(seed => new TheoryDataRow<int>(seed));

    [Theory]
    [MemberData(nameof(WithBrokerSeeds))]
    public Task With_a_broker_what_was_accepted_is_stored_and_counted_exactly(int seed) => RunAsync(seed, withBroker: true);

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public Task Without_a_broker_what_was_accepted_is_stored_and_counted_exactly(int seed) => RunAsync(seed, withBroker: false);

    private static IEnumerable<int> SeedsAskedFor() =>
        (Environment.GetEnvironmentVariable("METERING_FAULT_SEEDS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);

    private async Task RunAsync(int seed, bool withBroker)
    {
        using var limit = new CancellationTokenSource(Limit);
        var stack = await stacks.GetAsync(withBroker, limit.Token);
        stack.Begin();
        var usage = new SeededUsage(seed);
        await using var sender = new UsageSender(stack.Product.HostUrl, ProductStack.AdminKey, stack.Broker?.Url, usage);
        var started = Stopwatch.GetTimestamp();

        var sending = sender.SendAsync(limit.Token);
        foreach (var (afterBatches, fault) in FaultPlan.Of(seed, usage.Batches.Length, withBroker))
        {
            await Task.WhenAny(sending, sender.ReachedAsync(afterBatches, limit.Token));
            await stack.BreakAsync(fault, limit.Token);
        }

        await sending;
        var audit = new LedgerAudit(stack.Product.Postgres.ConnectionString, usage.Source);
        await audit.SettledAsync(usage.Variants.Count, usage.Variants.Sum(variants => variants.Count() - 1), limit.Token);
        output.WriteLine(
            $"seed {seed}: {SeededUsage.Events} events, {sender.Repeated} sent again, {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");

        var stored = await AssertStoredExactlyAsync(usage, audit, limit.Token);
        var malformed = withBroker ? Enumerable.Range(0, usage.Batches.Length).Count(SeededUsage.IsPublished) : 0;
        Assert.Equal(malformed, await audit.RejectedAsync(limit.Token));
        await AssertCountedExactlyAsync(stack, stored);
        stack.EndWell();
    }

    /// <returns>Of every id the content that came first and so is the event.</returns>
    private static async Task<ImmutableArray<SentEvent>> AssertStoredExactlyAsync(
        SeededUsage usage, LedgerAudit audit, CancellationToken cancellationToken)
    {
        var events = await audit.EventsAsync(cancellationToken);
        var ids = usage.Variants.Select(variants => variants.Key);
        Assert.Equal(ids.Order(StringComparer.Ordinal), events.Select(one => one.Id).Order(StringComparer.Ordinal));

        // Two versions of an event race when they are sent at the same time: either may be first, and the other is the conflict.
        var stored = events.Select(one => Assert.Single(usage.Variants[one.Id], sent => sent.Tokens == one.Tokens)).ToImmutableArray();
        Assert.Equal(
            stored.Where(one => one.Tokens is null).Select(one => one.Id).Order(), events.Where(one => one.Marked).Select(one => one.Id).Order());
        var kept = stored.Select(one => (one.Id, one.Tokens)).ToHashSet();
        var others = usage.Variants.SelectMany(variants => variants).Select(sent => (sent.Id, sent.Tokens)).Where(sent => !kept.Contains(sent));
        Assert.Equal(others.Order(), (await audit.ConflictsAsync(cancellationToken)).Order());
        return stored;
    }

    private static async Task AssertCountedExactlyAsync(DriverStack stack, ImmutableArray<SentEvent> stored)
    {
        var cells = stored.GroupBy(one => (one.Subject, one.Model, Day: one.Time.ToString()[..10])).ToImmutableArray();
        var subjects = string.Concat(stored.Select(one => one.Subject).Distinct().Select(subject => $"&subject={subject}"));
        var requests = cells.ToDictionary(cell => cell.Key, cell => (decimal)cell.Count());
        var tokens = cells.Where(cell => cell.Any(one => one.Tokens is not null))
            .ToDictionary(cell => cell.Key, cell => (decimal)cell.Sum(one => (long)(one.Tokens ?? 0)));
        Assert.Equal(Text(requests), Text(await UsageAsync(stack, "requests", subjects)));
        Assert.Equal(Text(tokens), Text(await UsageAsync(stack, "tokens", subjects)));
    }

    private static async Task<Dictionary<(string, string, string), decimal>> UsageAsync(DriverStack stack, string meter, string subjects)
    {
        var answer = JsonNode.Parse(await stack.Product.Client.GetStringAsync(
            $"/api/v1/meters/{meter}/query?windowSize=DAY&groupBy=subject&groupBy=model{subjects}"));
        return answer!["data"]!.AsArray().ToDictionary(
            row => ((string)row!["subject"]!, (string)row["groupBy"]!["model"]!, ((string)row["windowStart"]!)[..10]),
            row => row!["value"]!.GetValue<decimal>());
    }

    private static IEnumerable<string> Text(Dictionary<(string Subject, string Model, string Day), decimal> cells) =>
        cells.Select(cell => $"{cell.Key.Subject} {cell.Key.Model} {cell.Key.Day} {cell.Value}").Order(StringComparer.Ordinal);
}

/// <summary>
/// One product with a broker and one without, each started when the first seed asks for it and used by all: the later seeds find it full.
/// </summary>
public sealed class DriverStacks : IAsyncDisposable
{
    private readonly Dictionary<bool, DriverStack> started = [];

    internal async Task<DriverStack> GetAsync(bool withBroker, CancellationToken cancellationToken)
    {
        if (!started.TryGetValue(withBroker, out var stack))
        {
            stack = await DriverStack.StartAsync(withBroker, cancellationToken);
            started.Add(withBroker, stack);
        }

        return stack;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stack in started.Values)
        {
            await stack.DisposeAsync();
        }
    }
}
