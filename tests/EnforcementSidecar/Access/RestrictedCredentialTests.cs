using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Access;

public sealed class RestrictedCredentialTests
{
    private static readonly CustomerAccess Customer = Some.Customer("plain", Some.Feature("summarize"), Some.Feature("translate"));

    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync(params CredentialAccess[] restricted)
    {
        var host = await FakeHost.StartAsync();
        host.Put(Customer with { RestrictedCredentials = [.. restricted] });
        return (host, await TestSidecar.StartAsync(host));
    }

    [Theory]
    [InlineData("plain", "summarize", 200, null)]
    [InlineData("plain", "translate", 200, null)]
    [InlineData("bot", "summarize", 200, null)]
    [InlineData("bot", "translate", 403, "feature_out_of_scope")]
    [InlineData("bot", "unheard-of", 403, "feature_out_of_scope")]
    [InlineData("wide", "translate", 200, null)]
    [InlineData("wide", "unheard-of", 403, "feature_not_entitled")]
    [InlineData("greedy", "unheard-of", 403, "feature_not_entitled")]
    [InlineData("shut", "summarize", 403, "feature_out_of_scope")]
    [InlineData("nobody", "summarize", 401, "unknown_credential")]
    public async Task A_key_opens_what_its_restriction_and_its_customer_allow(string key, string feature, int status, string? reason)
    {
        var (host, sidecar) = await StartAsync(
            Some.Restricted("bot", "summarize"), Some.Restricted("wide"), Some.Restricted("greedy", "summarize", "unheard-of"),
            Some.Restricted("shut") with { FeatureKeys = [] });
        await using var _ = host;
        await using var __ = sidecar;

        var answer = await sidecar.CheckAsync(key, feature);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(reason, answer.Header("X-Meter-Reason"));
    }

    [Fact]
    public async Task A_key_works_until_it_expires_and_not_at_that_instant()
    {
        await using var host = await FakeHost.StartAsync();
        var expiresAt = host.Now + Duration.FromHours(1);
        host.Put(Customer with { RestrictedCredentials = [Some.Restricted("bot") with { ExpiresAt = expiresAt }] });
        await using var sidecar = await TestSidecar.StartAsync(host);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("bot")).StatusCode);

        await host.MoveToAsync(expiresAt);

        var answer = await sidecar.CheckAsync("bot");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("credential_expired", answer.Header("X-Meter-Reason"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await LimitsAsync(sidecar, "bot")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("plain")).StatusCode);
    }

    [Fact]
    public async Task A_changed_or_revoked_restriction_is_followed()
    {
        var (host, sidecar) = await StartAsync(Some.Restricted("bot", "summarize"));
        await using var _ = host;
        await using var __ = sidecar;

        host.Put(Customer with { RestrictedCredentials = [Some.Restricted("bot", "translate")] });
        await host.SettleChangesAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await sidecar.CheckAsync("bot", "summarize")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("bot", "translate")).StatusCode);

        host.Put(Customer);
        await host.SettleChangesAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await sidecar.CheckAsync("bot", "translate")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("plain")).StatusCode);
    }

    [Fact]
    public async Task The_limits_of_a_restricted_key_are_those_of_its_features()
    {
        var (host, sidecar) = await StartAsync(Some.Restricted("bot", "translate"));
        await using var _ = host;
        await using var __ = sidecar;

        var limits = await (await LimitsAsync(sidecar, "bot")).JsonAsync();

        Assert.Equal(["translate"], limits["features"]!.AsArray().Select(feature => (string?)feature!["feature"]));
    }

    [Fact]
    public async Task Usage_is_settled_in_the_name_of_the_agent_that_the_key_names()
    {
        var (application, agent) = (Some.Id(), Some.Id());
        var (host, sidecar) = await StartAsync(Some.Restricted("bot") with { ApplicationId = application, AgentId = agent });
        await using var _ = host;
        await using var __ = sidecar;

        var answer = await sidecar.CheckAsync("bot");
        Assert.Equal(application, answer.Header("X-Meter-Application"));
        Assert.Equal(agent, answer.Header("X-Meter-Agent"));
        host.Put(Customer);
        await host.SettleChangesAsync();
        await sidecar.Client.PostAsJsonAsync("/v1/settle", new JsonObject
        {
            ["reservation"] = answer.Header("X-Meter-Reservation"),
            ["data"] = new JsonObject { ["total_tokens"] = 7, ["agent_id"] = "somebody else" },
        });

        await Eventually.TrueAsync(() => host.EventsNow().Length == 1, "the event");
        var usage = host.EventsNow()[0];
        Assert.Equal("subject-of-plain", (string?)usage["subject"]);
        Assert.Equal(
            $$"""{"total_tokens":7,"application_id":"{{application}}","agent_id":"{{agent}}"}""", usage["data"]!.ToJsonString());
    }

    [Fact]
    public async Task One_request_id_of_two_agents_is_two_requests()
    {
        var (host, sidecar) = await StartAsync(
            Some.Restricted("first") with { AgentId = Some.Id() }, Some.Restricted("second") with { AgentId = Some.Id() });
        await using var _ = host;
        await using var __ = sidecar;

        async Task<string> ReservationAsync(string key) =>
            (await sidecar.CheckAsync(key, "summarize", ("X-Meter-Request-Id", "r1"))).Header("X-Meter-Reservation")!;

        var first = await ReservationAsync("first");
        Assert.Equal(first, await ReservationAsync("first"));
        Assert.NotEqual(first[..26], (await ReservationAsync("second"))[..26]);
    }

    [Fact]
    public async Task Restrictions_are_still_known_when_a_sidecar_starts_from_disk()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Customer with { RestrictedCredentials = [Some.Restricted("bot", "summarize")] });
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        await using (await TestSidecar.StartAsync(host, directory))
        {
        }

        await host.GoAwayAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, directory, waitUntilReady: false);

        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("bot", "summarize")).StatusCode);
        Assert.Equal("feature_out_of_scope", (await sidecar.CheckAsync("bot", "translate")).Header("X-Meter-Reason"));
        await host.ComeBackAsync();
    }

    [Fact]
    public async Task A_snapshot_from_before_there_were_restrictions_is_read_as_before()
    {
        await using var host = await FakeHost.StartAsync();
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var id = Some.Id();
        await File.WriteAllLinesAsync(Path.Combine(directory, "snapshot.ndjson"),
        [
            """{"kind":"snapshot_begins","full":true,"reservationKey":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}""",
            $$$"""
            {"kind":"customer_changed","version":1,"customer":{"customerId":"{{{id}}}","subject":"s","status":"Active",
            "credentialHashes":["{{{FakeHost.Hash("old")}}}"],
            "features":[{"featureKey":"summarize","activeFrom":"2026-01-01T00:00:00Z","rateLimits":[]}]}}
            """.ReplaceLineEndings(""),
            """{"kind":"snapshot_ends","version":1}""",
        ]);
        await host.GoAwayAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, directory, waitUntilReady: false);

        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("old")).StatusCode);
        await host.ComeBackAsync();
    }

    [Fact]
    public async Task A_snapshot_of_a_later_format_is_not_decided_from()
    {
        await using var host = await FakeHost.StartAsync();
        host.Format = SnapshotBegins.CurrentFormat + 1;
        host.Put(Customer);
        await using var sidecar = await TestSidecar.StartAsync(host, waitUntilReady: false);

        // A second stream: the first has been read and refused.
        await Eventually.TrueAsync(() => host.Streams >= 2, "another try");
        Assert.Null(sidecar.Services.GetRequiredService<AccessState>().Current);
        Assert.Equal("not_ready", (await sidecar.CheckAsync("plain")).Header("X-Meter-Reason"));
        host.Format = SnapshotBegins.CurrentFormat;
        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("plain")).StatusCode == HttpStatusCode.OK, "a format that is known");
    }

    private static Task<HttpResponseMessage> LimitsAsync(TestSidecar sidecar, string key) =>
        sidecar.SendAsync(HttpMethod.Get, "/v1/limits", key, feature: null);
}
