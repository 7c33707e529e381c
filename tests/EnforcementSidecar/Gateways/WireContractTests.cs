using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>The questions of gateways that can not run here, replayed against the real sidecar.</summary>
public sealed class WireContractTests
{
    public static TheoryData<string> Gateways =>
    [
        .. Directory.GetFiles(WireExchange.Folder, "contract.http", SearchOption.AllDirectories)
            .Select(file => Path.GetFileName(Path.GetDirectoryName(file)!)),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<FakeHost> CustomersAsync()
    {
        var host = await FakeHost.StartAsync();
        var (plenty, none) = (Some.Id(), Some.Id());
        host.AddPool(plenty, 1_000);
        host.AddPool(none, 0);
        host.Put(Some.Customer("plenty", Some.Feature("summarize", Some.Hard(plenty, 1_000))));
        host.Put(Some.Customer("none", Some.Feature("summarize", Some.Hard(none, 0))));
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        return host;
    }

    [Theory]
    [MemberData(nameof(Gateways))]
    public async Task The_sidecar_answers_as_the_gateway_needs_it(string gateway)
    {
        await using var host = await CustomersAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        var exchanges = WireExchange.Read(gateway);

        Assert.True(exchanges.Count >= 3, "an admitted, a denied and an unknown request are the least");
        foreach (var exchange in exchanges)
        {
            var answer = await RawHttp.SendAsync(sidecar.Client.BaseAddress!, exchange.Request, Token);
            Assert.True(exchange.Status == answer.Status, $"{exchange.Name}: {answer.Status} {answer.Body}");
            foreach (var (name, value) in exchange.Expected)
            {
                var actual = answer.Headers.GetValueOrDefault(name);
                Assert.True(value == "*" ? actual is not null : actual == (value == "-" ? null : value), $"{exchange.Name}: {name} is {actual}");
            }
        }
    }

    /// <summary>Envoy puts the client's path behind the check's, and the server resolves dot segments.</summary>
    [Theory]
    [InlineData("/v1/check/../../health/live")]
    [InlineData("/v1/check/%2e%2e/%2E%2e/health/live")]
    [InlineData("/v1/check/x/../../../v1/limits")]
    [InlineData("/v1/check?/../../health/live")]
    public async Task No_path_of_a_client_leads_out_of_the_check(string target)
    {
        await using var host = await CustomersAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);

        var request = $"GET {target} HTTP/1.1\r\nHost: x\r\nX-Meter-Feature: summarize\r\nAuthorization: Bearer nobody\r\n\r\n";
        var answer = await RawHttp.SendAsync(sidecar.Client.BaseAddress!, request, Token);

        Assert.Equal((401, "unknown_credential"), (answer.Status, answer.Headers["X-Meter-Reason"]));
    }
}
