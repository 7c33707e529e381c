using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Metering.Testing;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Shares;

/// <summary>
/// The simulation's Host keeps its rows in memory. Here the same calls are made of it and of the real Host over PostgreSQL, one by one: asking,
/// repeating, later processes of the same sidecar, claims of what was never given. Every answer and every sum must be the same.
/// </summary>
public sealed class SharesAgreeWithTheDatabaseTests
{
    private const int Calls = 150;
    private static readonly string[] Names = ["one", "two", "three"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_answer_and_every_sum_is_the_same(int seed)
    {
        await using var host = await TestHost.StartAsync();
        var customer = await host.PostAsync("/api/v1/customers", new JsonObject
        {
            ["name"] = "Acme", ["key"] = "acme", ["usageAttribution"] = new JsonObject { ["subjectKeys"] = new JsonArray("acme") },
        });
        SharedLimit[] limits = [new((string)customer["id"]!, "summarize", "rate-60s"), new((string)customer["id"]!, "summarize", "concurrency")];
        var model = new MemoryShares(30_000);
        var random = new SplitMix((ulong)seed);
        var (last, sequence) = (new ShareExchangeRequest("one", 1, []), 0L);
        for (var call = 0; call < Calls; call++)
        {
            var request = random.Below(8) == 0 ? last : Next(random, limits, ref sequence);
            last = request;
            var real = await ExchangeAsync(host, request);
            Assert.Equal(Text(model.Exchange(request, host.Now, 0).Answers), Text(real.Shares));
            var listed = (await host.GetAsync("/api/v1/sidecar/shares"))["items"]!.AsArray();
            Assert.All(listed, line => Assert.True((bool)line!["conserves"]!));
            foreach (var (limit, held) in model.Held)
            {
                // A limit that nobody has a share of is not listed.
                var line = listed.SingleOrDefault(one => (string)one!["limit"]! == limit.Name);
                Assert.Equal((limit.Name, held), (limit.Name, (long?)line?["held"] ?? 0));
            }
        }
    }

    [Fact]
    public async Task What_does_not_make_sense_is_refused_and_its_place_named()
    {
        await using var host = await TestHost.StartAsync();
        const string good = """
            {"limit":{"customerId":"01KF0E44M0FJQ8MT4PNA2DDJDA","featureKey":"f","name":"concurrency"},"sequence":1,"keeps":0,
             "fullInMicroseconds":0,"units":10,"needed":1,"demand":1,"wants":2,"refillMicroseconds":0,"lingersMilliseconds":0}
            """;
        foreach (var (from, to, pointer) in (IEnumerable<(string, string, string)>)
        [
            ("\"keeps\":0", "\"keeps\":-1", "/shares/0/keeps"),
            ("\"keeps\":0", "\"keeps\":1125899906842625", "/shares/0/keeps"),
            ("\"units\":10", "\"units\":0", "/shares/0/units"),
            ("\"wants\":2", "\"wants\":1000000001", "/shares/0/wants"),
            ("01KF0E44M0FJQ8MT4PNA2DDJDA", "acme", "/shares/0/limit/customerId"),
            ("\"name\":\"concurrency\"", "\"name\":\"\"", "/shares/0/limit/name"),
            ("\"refillMicroseconds\":0", "\"refillMicroseconds\":-1", "/shares/0/refillMicroseconds"),
        ])
        {
            var body = $$"""{"sidecarId":"one","start":1,"shares":[{{good.Replace(from, to, StringComparison.Ordinal)}}]}""";
            using var response = await host.Client.PostAsync(
                "/api/v1/sidecar/shares", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.Equal((to, 400, pointer), (to, (int)response.StatusCode, (string?)problem["errors"]?[0]!["pointer"]));
        }

        // A customer that nobody knows has nothing to be divided.
        var one = JsonSerializer.Deserialize(good, SidecarJson.Default.ShareRequest)!;
        var unknown = await ExchangeAsync(host, new ShareExchangeRequest("one", 1, [one]));
        Assert.Equal(0, unknown.Shares.Single().Parts);
    }

    private static ShareExchangeRequest Next(SplitMix random, SharedLimit[] limits, ref long sequence)
    {
        var shares = ImmutableArray.CreateBuilder<ShareRequest>();
        for (var i = random.Below(3); i >= 0; i--)
        {
            var (limit, wants) = (limits[random.Below(limits.Length)], random.Below(9));
            sequence++;
            shares.Add(new ShareRequest(
                limit, random.Below(10) == 0 ? Math.Max(1, sequence - 5) : sequence, ShareParts.Of(random.Below(9), 8), random.Below(60_000_000),
                Units: 8, Needed: 0, Demand: random.Below(wants + 1), wants, limit.Name == "concurrency" ? 0 : 60_000_000,
                limit.Name == "concurrency" ? 600_000 : 0));
        }

        return new ShareExchangeRequest(Names[random.Below(Names.Length)], 1 + (random.Below(40) == 0 ? 1 : 0), shares.ToImmutable());
    }

    private static string Text(ImmutableArray<ShareAnswer> answers) => string.Join('\n', answers);

    private static async Task<ShareExchangeResponse> ExchangeAsync(TestHost host, ShareExchangeRequest request)
    {
        using var response = await host.Client.PostAsync(
            "/api/v1/sidecar/shares", JsonContent.Create(request, SidecarJson.Default.ShareExchangeRequest));
        response.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), SidecarJson.Default.ShareExchangeResponse)!;
    }
}
