using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Portal;

/// <summary>What customers see.</summary>
public static class PortalModule
{
    public static void AddPortal(this IServiceCollection services)
    {
    }

    public static void MapPortal(this IEndpointRouteBuilder routes)
    {
    }
}
