using Metering.Platform.Database;
using Metering.Portal.Access;
using Metering.Portal.Pages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Portal;

/// <summary>What customers see: their usage, their cost so far, their invoices.</summary>
public static class PortalModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("portal", typeof(PortalModule).Assembly);

    public static void AddPortal(this IServiceCollection services)
    {
        services.AddSingleton(Migrations);
        services.AddSingleton<PortalAccess>();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<OverviewReader>();
        services.AddPortalAuthentication();
        services.AddPortalTokenAuthentication();
    }

    public static void MapPortal(this IEndpointRouteBuilder routes)
    {
        routes.MapPortalTokens();
        routes.MapListPortalTokens();
        routes.MapQueryPortalMeter();
        routes.MapPortalLinks();
        routes.MapPortalPages();
    }
}
