using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>What is promised of every gateway of <c>samples/gateways</c> that can run here, shown with the gateway itself.</summary>
public sealed class GatewayTests
{
    private const string Overrides = "quota_exhausted=402";
    private const int Lanes = 8;
    private const int RequestsPerLane = 30;

    private static readonly IGateway[] Gateways = [new Nginx("nginx"), new Nginx("njs"), new Caddy(), new HaProxy(), new KongOnNginx()];

    public static TheoryData<string> Names => [.. Gateways.Select(gateway => gateway.Name)];

    public static TheoryData<string, bool, bool> Failures =>
    [
        .. from gateway in Gateways
           from failOpen in (bool[])[false, true]
           from hangs in (bool[])[false, true]
           select (gateway.Name, failOpen, hangs),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IGateway Installed(string name)
    {
        var gateway = Gateways.Single(gateway => gateway.Name == name);
        Assert.SkipUnless(gateway.IsInstalled, $"{name} is not installed; ./metering test installs it");
        return gateway;
    }

    /// <summary>One customer for each answer; keys are their names.</summary>
    private static async Task<FakeHost> CustomersAsync()
    {
        var host = await FakeHost.StartAsync();
        var (two, none, plenty) = (Some.Id(), Some.Id(), Some.Id());
        host.AddPool(two, 2);
        host.AddPool(none, 0);
        host.AddPool(plenty, 1_000_000);
        host.Put(Some.Customer("two", Some.Feature("summarize", Some.Hard(two, 2))));
        host.Put(Some.Customer("none", Some.Feature("summarize", Some.Hard(none, 0))));
        host.Put(Some.Customer("plenty", Some.Feature("summarize", Some.Hard(plenty, 1_000_000))));
        host.Put(Some.Customer("other", Some.Feature("translate")));
        host.Put(Some.Customer("unlimited", Some.Feature("summarize")));
        host.Put(Some.Customer("small", Some.Feature("summarize") with { BodySize = new SizeTerms(17, PassWhenUnknown: false) }));
        host.Put(Some.Customer("large", Some.Feature("summarize") with { BodySize = new SizeTerms(18, PassWhenUnknown: false) }));
        host.Put(Some.Customer("slow", Some.Feature("summarize", null, new RateLimitTerms(1, 60, 1))));
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        return host;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_answer_reaches_the_client_with_status_headers_and_body(string name)
    {
        var kind = Installed(name);
        await using var host = await CustomersAsync();
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, dialect: AnswerDialect.Parse(null, Overrides));
        await using var gateway = await RunningGateway.StartAsync(kind, sidecar.Client.BaseAddress!, service.Url, failOpen: false, Token);

        (string? Key, string Path)[] asked =
        [
            ("two", "/v1/chat/completions?units=0"), ("two", "/v1/forbidden"), ("two", "/v1/x"), ("unlimited", "/v1/x"), (null, "/v1/x"),
            ("nobody", "/v1/x"), ("suspended", "/v1/x"), ("other", "/v1/x"), ("slow", "/v1/x"), ("slow", "/v1/x"),
            ("small", "/v1/x"), ("large", "/v1/x"),
        ];
        var rows = new List<string>();
        foreach (var (key, path) in asked)
        {
            rows.Add(await RowAsync(key ?? "-", await gateway.PostAsync(key, path)));
        }

        Assert.Equal(
            """
            two       | 200 | the service          | -     | "summarize-quota";r=1;t=54000 | -
            two       | 403 | the service          | -     | "summarize-quota";r=0;t=54000 | -
            two       | 402 | quota_exhausted      | 54000 | "summarize-quota";r=0;t=54000 | -
            unlimited | 200 | the service          | -     | -                             | -
            -         | 401 | unknown_credential   | -     | -                             | Bearer
            nobody    | 401 | unknown_credential   | -     | -                             | Bearer
            suspended | 403 | customer_suspended   | -     | -                             | -
            other     | 403 | feature_not_entitled | -     | -                             | -
            slow      | 200 | the service          | -     | "summarize-rate-60s";r=0;t=60 | -
            slow      | 429 | rate_limited         | 60    | "summarize-rate-60s";r=0;t=60 | -
            small     | 413 | request_too_large    | -     | -                             | -
            large     | 200 | the service          | -     | -                             | -
            """,
            string.Join('\n', rows));
    }

    private static async Task<string> RowAsync(string key, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync(Token);
        var who = "the service";
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            var problem = await response.JsonAsync();
            Assert.Equal((int)response.StatusCode, (int)problem["status"]!);
            who = (string?)problem["reason"]!;
        }
        else
        {
            Assert.Contains(response.IsSuccessStatusCode ? "total_tokens" : "the service's own no", body, StringComparison.Ordinal);
        }

        Assert.Null(response.Header("X-Meter-Reservation"));
        return $"{key,-9} | {(int)response.StatusCode} | {who,-20} | {response.Header("Retry-After") ?? "-",-5} | "
            + $"{response.Header("RateLimit") ?? "-",-29} | {response.Headers.WwwAuthenticate.FirstOrDefault()?.Scheme ?? "-"}";
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_service_gets_the_request_as_it_was_with_the_customer_named_by_the_check_alone(string name)
    {
        var kind = Installed(name);
        await using var host = await CustomersAsync();
        var known = Some.Customer("known", Some.Feature("summarize"));
        host.Put(known);
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await RunningGateway.StartAsync(kind, sidecar.Client.BaseAddress!, service.Url, failOpen: false, Token);

        Assert.Equal(HttpStatusCode.OK, (await gateway.PostAsync("known")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.PostAsync("nobody")).StatusCode);

        var (target, body, headers) = Assert.Single(service.Requests);
        Assert.Equal("/v1/chat/completions?x=1", target);
        Assert.Equal("""{"prompt":"hello"}""", body);
        Assert.Equal(known.CustomerId, headers["X-Meter-Customer"]);
        Assert.All(RunningGateway.Spoofed, spoofed => Assert.NotEqual(spoofed.Value, headers[spoofed.Name].ToString()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Two_requests_are_two_checks_whatever_their_clients_call_them(string name)
    {
        var kind = Installed(name);
        await using var host = await CustomersAsync();
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await RunningGateway.StartAsync(kind, sidecar.Client.BaseAddress!, service.Url, failOpen: false, Token);

        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            statuses.Add((int)(await gateway.PostAsync("two")).StatusCode);
        }

        Assert.Equal([200, 200, 429], statuses);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Without_an_answer_nothing_passes_unless_the_operator_chose_so(string name, bool failOpen, bool hangs)
    {
        var kind = Installed(name);
        await using var silent = new CountingRelay(server: null);
        await using var service = await StubService.StartAsync();
        var sidecar = hangs ? silent.Url : new Uri("http://127.0.0.1:1");
        await using var gateway = await RunningGateway.StartAsync(kind, sidecar, service.Url, failOpen, Token);

        var response = await gateway.PostAsync("two");

        Assert.Equal(failOpen ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(hangs, silent.Connections > 0);
        if (failOpen)
        {
            var (_, body, headers) = Assert.Single(service.Requests);
            Assert.Equal("""{"prompt":"hello"}""", body);
            Assert.All(RunningGateway.Spoofed, spoofed => Assert.NotEqual(spoofed.Value, headers[spoofed.Name].ToString()));
        }
        else
        {
            Assert.Empty(service.Requests);
            Assert.Equal("1", response.Header("Retry-After"));
            Assert.Equal(503, (int)(await response.JsonAsync())["status"]!);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_sidecar_that_says_it_can_not_decide_is_heard_also_by_a_gateway_that_fails_open(string name)
    {
        var kind = Installed(name);
        await using var host = await CustomersAsync();
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await RunningGateway.StartAsync(kind, sidecar.Client.BaseAddress!, service.Url, failOpen: true, Token);
        host.FailingWith = 500;

        var response = await gateway.PostAsync("two");
        host.FailingWith = 0;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("1", response.Header("Retry-After"));
        Assert.Equal("lease_unavailable", (string?)(await response.JsonAsync())["reason"]);
        Assert.Empty(service.Requests);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Many_checks_share_a_few_connections_admitted_or_denied(string name)
    {
        var kind = Installed(name);
        await using var host = await CustomersAsync();
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var relay = new CountingRelay(sidecar.Client.BaseAddress);
        await using var gateway = await RunningGateway.StartAsync(kind, relay.Url, service.Url, failOpen: false, Token);

        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ =>
        {
            for (var i = 0; i < RequestsPerLane; i++)
            {
                var expected = i % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests;
                Assert.Equal(expected, (await gateway.PostAsync(i % 2 == 0 ? "plenty" : "none")).StatusCode);
            }
        }));

        // Checks and settlements of as many requests as there are lanes are under way at a time; a connection each would be 240.
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {Lanes * RequestsPerLane} requests, {relay.Connections} connections");
        Assert.InRange(relay.Connections, 1, 3 * Lanes);
    }
}
