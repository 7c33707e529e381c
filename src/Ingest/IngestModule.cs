using Metering.Ingest.Backfills;
using Metering.Ingest.Broker;
using Metering.Ingest.Corrections;
using Metering.Ingest.Events;
using Metering.Ingest.Llm;
using Metering.Ingest.Meters;
using Metering.Ingest.Otlp;
using Metering.Ingest.Quotas;
using Metering.Ingest.Recording;
using Metering.Ingest.Rollups;
using Metering.Ingest.Sources;
using Metering.Ingest.Storage;
using Metering.Ingest.Subjects;
using Metering.Ingest.Usage;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Ingest;

/// <summary>METERING: events in, usage out.</summary>
public static class IngestModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("ingest", typeof(IngestModule).Assembly);

    public static void AddIngest(this IServiceCollection services, MeteringOptions options)
    {
        services.AddSingleton(Migrations);
        services.AddSingleton<MeterCatalog>();
        services.AddSingleton<UsageReader>();
        services.AddSingleton<QueryProgress>();
        services.AddSingleton<MeterQueries>();
        services.AddSingleton<EventListing>();
        services.AddSingleton<EventReader>();
        services.AddSingleton<MeterBackfill>();
        services.AddSingleton<BatchWriter>();
        services.AddSingleton<EventRecorder>();
        services.AddSingleton<EventIntake>();
        services.AddHostedService(provider => provider.GetRequiredService<EventIntake>());
        services.AddSingleton<EventPartitions>();
        services.AddHostedService<EventPartitionLoop>();
        services.AddSingleton<RollupFolding>();
        services.AddHostedService<RollupFoldingLoop>();
        services.AddSingleton<DaySettling>();
        services.AddHostedService<DaySettlingLoop>();
        services.AddSingleton<HourRestating>();
        services.AddSingleton<RestatingQueue>();
        services.AddSingleton<IDrain>(provider => provider.GetRequiredService<RestatingQueue>());
        services.AddHostedService<RestatingLoop>();
        services.AddSingleton<BackfillClosing>();
        services.AddSingleton<BackfillReverting>();
        services.AddSingleton<BackfillQueue>();
        services.AddSingleton<IDrain>(provider => provider.GetRequiredService<BackfillQueue>());
        services.AddHostedService<BackfillLoop>();
        services.AddSingleton<SourceFolding>();
        services.AddHostedService<SourceFoldingLoop>();
        services.AddSingleton<EventValidation>();
        services.AddSingleton<BodyRoom>();
        services.AddSingleton<IngestQuotas>();
        services.AddSingleton<EventDoor>();
        if (options.RabbitMq is null)
        {
            services.AddSingleton<IEventAcceptance, EmbeddedAcceptance>();
            services.AddSingleton<IDrain>(provider => provider.GetRequiredService<EventIntake>());
        }
        else
        {
            services.AddUsageBroker(options.RabbitMq, options.BrokerSuffix);
        }
    }

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
        routes.MapPostEvents();
        routes.MapListEvents();
        routes.MapListEventsV2();
        routes.MapListEventsV3();
        routes.MapListRejectedEvents();
        routes.MapReplayRejectedEvents();
        routes.MapListEventConflicts();
        routes.MapOpenBackfill();
        routes.MapReadBackfills();
        routes.MapLoadBackfill();
        routes.MapEndBackfill();
        routes.MapCorrectEvents();
        routes.MapListCorrections();
        routes.MapMeters();
        routes.MapCreateMeter();
        routes.MapUpdateMeter();
        routes.MapDeleteMeter();
        routes.MapQueryMeter();
        routes.MapMeterValues();
        routes.MapGetProgress();
        routes.MapGetDebugMetrics();
        routes.MapReadSources();
        routes.MapSubjects();
        routes.MapNormalizeLlmUsage();
        routes.MapOtlp();
    }
}
