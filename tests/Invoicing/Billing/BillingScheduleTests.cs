using Metering.Host;
using Metering.Invoicing.Tests.Support;
using Metering.Platform;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Invoicing.Tests.Billing;

/// <summary>Production: no test clock, Quartz on its tables in PostgreSQL.</summary>
public sealed class BillingScheduleTests
{
    [Fact]
    public async Task Two_processes_share_one_schedule_and_the_schedule_runs_billing()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var first = await StartAsync(database);
        await using var second = await StartAsync(database);
        var sessions = first.Services.GetRequiredService<MeteringDatabase>();

        // A cursor without a subscription: that billing tried it can be seen in the row.
        await using (var session = await sessions.BeginAsync(CancellationToken.None))
        {
            await session.ExecuteAsync(
                "insert into invoicing.billing_cursor (subscription_id, customer_id, next_due_at) values (@id, @id, @due)",
                new { id = Guid.CreateVersion7(), due = Some.At("2020-01-01") }, CancellationToken.None);
            await session.ExecuteAsync(
                "update invoicing.qrtz_triggers set next_fire_time = prev_fire_time", null, CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
        }

        await using var reading = await sessions.OpenAsync(CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(150));
        while (await reading.SingleAsync<int>("select max(failures) from invoicing.billing_cursor", null, limit.Token) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }

        const string triggers = "select count(*)::int from invoicing.qrtz_triggers where trigger_group = 'billing'";
        Assert.Equal(1, await reading.SingleAsync<int>(triggers, null, limit.Token));
        Assert.Equal(2, await reading.SingleAsync<int>("select count(*)::int from invoicing.qrtz_scheduler_state", null, limit.Token));
        await second.StopAsync(CancellationToken.None);
        await first.StopAsync(CancellationToken.None);
    }

    private static async Task<WebApplication> StartAsync(TestDatabase database)
    {
        var data = Directory.CreateTempSubdirectory("metering-test-").FullName;
        var options = new MeteringOptions(
            database.ConnectionString, null, data, null, TestHost.AdminKey, "127.0.0.1", 0, new Uri("http://127.0.0.1"));
        var application = await HostApplication.CreateAsync(options, CancellationToken.None);
        await application.StartAsync();
        return application;
    }
}
