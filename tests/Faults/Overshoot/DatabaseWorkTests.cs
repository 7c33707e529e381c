using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Metering.Faults.Overshoot;

/// <summary>How much PostgreSQL has to do for admitted requests: eight sidecars, leases of 30 seconds, nothing breaks.</summary>
[Collection(FaultCollection.Name)]
public sealed class DatabaseWorkTests(DatabaseWorkTests.CalmStack shared) : IClassFixture<DatabaseWorkTests.CalmStack>
{
    private const int Admitted = 30_000;
    private const int Callers = 200;
    private const int Plenty = 100_000_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(1, 100_000)]
    [InlineData(50, 500_000)]
    public async Task One_transaction_admits_many_requests_the_busier_a_customer_is_the_more(int customers, int mostTransactions)
    {
        using var limit = new CancellationTokenSource(Limit);
        await shared.BeginAsync(limit.Token);
        var signedUp = ImmutableArray.CreateBuilder<LoadCustomer>();
        for (var customer = 0; customer < customers; customer++)
        {
            signedUp.Add(await LoadCustomer.SignUpAsync(shared.Product, $"w{customers}-{customer}", Plenty));
        }

        using var load = new ReserveLoad(shared.Fleet, signedUp.ToImmutable());
        var idleFrom = Stopwatch.GetTimestamp();
        var start = await DatabaseWork.ReadAsync(shared.Product.Postgres.ConnectionString, limit.Token);
        var idle = await DatabaseWork.ReadAsync(shared.Product.Postgres.ConnectionString, limit.Token) - start;
        var idleSeconds = Stopwatch.GetElapsedTime(idleFrom).TotalSeconds / 2;

        var loadedFrom = Stopwatch.GetTimestamp();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var before = await DatabaseWork.ReadAsync(shared.Product.Postgres.ConnectionString, limit.Token);
        var loading = load.RunAsync(seed: customers, Callers, enough.Token);
        while (load.With(200) < Admitted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }

        await enough.CancelAsync();
        await loading;
        var work = await DatabaseWork.ReadAsync(shared.Product.Postgres.ConnectionString, limit.Token) - before;
        var seconds = Stopwatch.GetElapsedTime(loadedFrom).TotalSeconds;

        var background = idle.Times(seconds / idleSeconds);
        var million = (work - background).Times(1_000_000.0 / load.With(200));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"PostgreSQL for a million admitted requests of {customers} customers at {OvershootStack.Sidecars} sidecars: "
            + $"{million.Transactions} transactions, {million.RowsWritten} rows written, {million.WalBytes / 1e6:F0} MB of log; besides "
            + $"{idle.Times(1 / idleSeconds).Transactions} transactions a second when idle ({load.With(200)} admitted in {seconds - 2:F1} s, "
            + $"{load.With(503)} undecided)"));
        Assert.InRange(million.Transactions, 0, mostTransactions);
        shared.EndWell();
    }

    /// <summary>As an operator runs it.</summary>
    public sealed class CalmStack() : OvershootStack(TimeSpan.FromSeconds(30));
}
