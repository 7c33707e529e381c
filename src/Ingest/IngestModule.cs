using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Ingest;

/// <summary>METERING: events in, usage out.</summary>
public static class IngestModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("ingest", typeof(IngestModule).Assembly);

    public static IReadOnlyList<BrokerQueue> Queues { get; } = [];

    public static void AddIngest(this IServiceCollection services)
    {
        services.AddSingleton(Migrations);
        services.AddSingleton<MeterCatalog>();
        services.AddSingleton<UsageReader>();
        services.AddSingleton<EventReader>();
    }

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
    }
}
