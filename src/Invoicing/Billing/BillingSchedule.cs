using System.Data.Common;
using Metering.Invoicing.Ledger;
using Metering.Platform;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;

namespace Metering.Invoicing.Billing;

/// <summary>
/// Runs billing once a minute in production: Quartz with its clustered PostgreSQL store, so that of many processes one
/// fires and a process that dies is noticed. A sandbox has no schedule; its clock runs billing when it is advanced.
/// </summary>
internal static class BillingSchedule
{
    /// <summary>Quartz makes its own tables with this prefix, in this module's schema, when they are missing.</summary>
    private const string TablePrefix = "invoicing.qrtz_";

    /// <summary>Billing goes on while the books are kept.</summary>
    private const int Threads = 2;

    private const string SchedulerName = "metering-billing";
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan ClusterCheckIn = TimeSpan.FromSeconds(10);

    public static void AddBillingSchedule(this IServiceCollection services, MeteringOptions options)
    {
        if (options.TestClock is not null)
        {
            return;
        }

        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler =>
            {
                scheduler.InstanceName = SchedulerName;
                scheduler.GenerateInstanceId = true;
            });
            quartz.UseDefaultThreadPool(Threads);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(source => source.UseRegisteredDataSource = true);
                store.ConfigureStore(ado =>
                {
                    ado.TablePrefix = TablePrefix;
                    ado.StoreJobDataAsStrings = true;
                });
                store.UseClustering(cluster => cluster.CheckinInterval = ClusterCheckIn);
                store.ProvisionSchema();
            });
            quartz.ScheduleJob<BillingJob>(
                trigger => trigger.WithIdentity("every-minute", "billing").StartNow().WithSimpleSchedule(Interval),
                job => job.WithIdentity("billing-run", "billing"));
            quartz.ScheduleJob<LedgerJob>(
                trigger => trigger.WithIdentity("every-minute", "ledger").StartNow().WithSimpleSchedule(Interval),
                job => job.WithIdentity("ledger-upkeep", "ledger"));
            quartz.ScheduleJob<LedgerCheckJob>(
                trigger => trigger.WithIdentity("every-hour", "ledger").StartNow().WithSimpleSchedule(CheckInterval),
                job => job.WithIdentity("ledger-check", "ledger"));
        });
        services.AddQuartzHostedService(service =>
        {
            service.AwaitApplicationStarted = true;
            service.WaitForJobsToComplete = true;
        });
    }
}
