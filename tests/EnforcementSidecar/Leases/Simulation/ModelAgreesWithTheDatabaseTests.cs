using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Json;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// The simulation's Host keeps its rows in memory. Here the same calls are made of it and of the real Host over PostgreSQL, one by one: asking,
/// repeating, closing before and after asking, strangers' and impossible reports. Every answer and every pool
/// must be the same.
/// </summary>
public sealed class ModelAgreesWithTheDatabaseTests
{
    private const int Calls = 150;
    private const int Cap = 60;
    private static readonly string[] Names = ["one", "two", "three"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_answer_and_every_pool_is_the_same(int seed)
    {
        await using var host = await TestHost.StartAsync();
        var entitlement = await SignUpAsync(host);
        var model = new SimulatedHost(30_000) { Now = host.Now };
        var random = new SplitMix((ulong)seed);
        var leases = new List<string> { Ulid.NewText(host.Now) };
        var (last, opened) = (new LeaseExchangeRequest("one", [], []), false);
        for (var call = 0; call < Calls; call++)
        {
            var request = random.Below(8) == 0 ? last : Next(random, host.Now, leases, entitlement);
            last = request;
            var real = await ExchangeAsync(host, request);
            if (!opened && real.Leases is [{ PeriodStart: { } start, PeriodEnd: { } end }, ..])
            {
                model.Add(entitlement, new SimulatedPool(entitlement, start, end, Cap));
                opened = true;
            }

            var simulated = model.Exchange(request, Weather.Second);
            Assert.Equal(Text(real), Text(simulated));
            if (opened)
            {
                var pool = (await host.GetAsync("/api/v1/sidecar/pools"))["items"]![0]!;
                var row = model.InForce(entitlement)!;
                Assert.Equal(
                    ((long)pool["cap"]!, (long)pool["settled"]!, (long)pool["held"]!, (long)pool["free"]!),
                    (row.Cap, row.Settled, row.Held, row.Free));
            }
        }
    }

    private static LeaseExchangeRequest Next(SplitMix random, Instant now, List<string> leases, string entitlement)
    {
        var reports = ImmutableArray.CreateBuilder<LeaseReport>();
        var requests = ImmutableArray.CreateBuilder<LeaseRequest>();
        for (var i = random.Below(3); i > 0; i--)
        {
            // Of a lease that may never have been asked for, by somebody who may not hold it, of more than there may be.
            reports.Add(new LeaseReport(Known(), random.Below(10), random.Below(3) == 0));
        }

        for (var i = random.Below(3); i > 0; i--)
        {
            requests.Add(new LeaseRequest(Known(), entitlement, random.Below(12), random.Below(6)));
        }

        return new LeaseExchangeRequest(Names[random.Below(Names.Length)], reports.ToImmutable(), requests.ToImmutable());

        string Known()
        {
            if (random.Below(2) == 0)
            {
                leases.Add(Ulid.NewText(now));
            }

            return leases[^(1 + random.Below(Math.Min(12, leases.Count)))];
        }
    }

    /// <summary>How long a lease lasts is by two different clocks; whether it lasts at all is not.</summary>
    private static string Text(LeaseExchangeResponse response) =>
        string.Join('\n', response.Reports.Select(report => report.ToString())
            .Concat(response.Leases.Select(lease => (lease with { TtlMilliseconds = Math.Sign(lease.TtlMilliseconds) }).ToString())));

    private static async Task<LeaseExchangeResponse> ExchangeAsync(TestHost host, LeaseExchangeRequest request)
    {
        using var response = await host.Client.PostAsync(
            "/api/v1/sidecar/leases", JsonContent.Create(request, SidecarJson.Default.LeaseExchangeRequest));
        response.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), SidecarJson.Default.LeaseExchangeResponse)!;
    }

    /// <returns>The entitlement of a customer with a hard limit.</returns>
    private static async Task<string> SignUpAsync(TestHost host)
    {
        await SampleCatalog.PublishAsync((path, body) => host.PostAsync(path, body));
        var plan = SampleCatalog.Read("free.json");
        plan["key"] = "small";
        plan["phases"]![0]!["rateCards"]![0]!["entitlementTemplate"]!["issueAfterReset"] = Cap;
        var draft = await host.PostAsync("/api/v1/plans", plan);
        await host.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject());
        await host.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = "Acme", ["key"] = "acme", ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray("acme") },
        });
        var subscription = await host.PostAsync(
            "/api/v1/subscriptions", new JsonObject { ["customerKey"] = "acme", ["plan"] = new JsonObject { ["key"] = "small" } });
        var shown = await host.GetAsync($"/api/v1/subscriptions/{subscription["id"]}");
        return (string)shown["phases"]![0]!["items"]![0]!["entitlementId"]!;
    }
}
