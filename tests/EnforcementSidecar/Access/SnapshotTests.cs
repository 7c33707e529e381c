using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Access;

public sealed class SnapshotTests
{
    [Fact]
    public async Task Before_a_snapshot_nobody_is_accused_of_anything()
    {
        await using var host = await FakeHost.StartAsync();
        await host.GoAwayAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, waitUntilReady: false);

        var answer = await sidecar.CheckAsync("free");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("not_ready", answer.Header("X-Meter-Reason"));
        Assert.Equal("1", answer.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sidecar.Client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.Client.GetAsync("/health/live")).StatusCode);
        await host.ComeBackAsync();
    }

    [Fact]
    public async Task A_change_is_applied_when_its_heartbeat_is_acknowledged()
    {
        await using var host = await FakeHost.StartAsync();
        var customer = Some.Customer("free", Some.Feature("summarize"));
        host.Put(customer);
        await using var sidecar = await TestSidecar.StartAsync(host);

        async Task<int> AfterAsync(CustomerAccess changed)
        {
            host.Put(changed);
            await host.SettleChangesAsync();
            return (int)(await sidecar.CheckAsync("free")).StatusCode;
        }

        Assert.Equal(200, await AfterAsync(customer));
        Assert.Equal(403, await AfterAsync(customer with { Status = CustomerStatus.Suspended }));
        Assert.Equal(200, await AfterAsync(customer));
        Assert.Equal(403, await AfterAsync(customer with { Features = [Some.Feature("summarize") with { ActiveTo = host.Now }] }));
        var later = host.Now + Duration.FromSeconds(1);
        Assert.Equal(403, await AfterAsync(customer with { Features = [Some.Feature("summarize") with { ActiveFrom = later }] }));
        Assert.Equal(401, await AfterAsync(customer with { CredentialHashes = [FakeHost.Hash("another")] }));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("another")).StatusCode);
        Assert.Equal(401, await AfterAsync(customer with { Status = CustomerStatus.Removed }));
    }

    [Fact]
    public async Task A_sidecar_starts_from_disk_while_the_server_is_away_and_resumes_by_version()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 10);
        host.Put(Some.Customer("free", Some.Feature("summarize"), Some.Feature("limited", Some.Hard(entitlement, 10))));
        host.Put(Some.Customer("other", Some.Feature("summarize")));
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        await using (await TestSidecar.StartAsync(host, directory))
        {
            Assert.Null(host.LastSince);
        }

        await host.GoAwayAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, directory, waitUntilReady: false);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await sidecar.CheckAsync("nobody")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sidecar.CheckAsync("free", "limited")).StatusCode);
        Assert.Equal(host.Now, sidecar.Services.GetRequiredService<EnforcementSidecar.Time.ProductTime>().Now);

        await host.ComeBackAsync();
        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("free", "limited")).StatusCode == HttpStatusCode.OK, "the server");
        await Eventually.TrueAsync(() => host.LastSince == "2", "resumption by version");
    }

    [Fact]
    public async Task Only_the_owner_can_read_what_a_sidecar_keeps()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize")));
        await using var sidecar = await TestSidecar.StartAsync(host, Path.Combine(Directory.CreateTempSubdirectory("metering-").FullName, "data"));

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(sidecar.DataDirectory));
        foreach (var name in (string[])["snapshot.ndjson", "leases"])
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(sidecar.DataDirectory, name)) & others);
        }
    }
}
