using Metering.Platform.Database;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Subscriptions;

/// <summary>ENTITLEMENT: catalog, customers, subscriptions, balances, leases, access.</summary>
public static class SubscriptionsModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("subscriptions", typeof(SubscriptionsModule).Assembly);

    public static void AddSubscriptions(this IServiceCollection services)
    {
        services.AddSingleton(Migrations);
    }

    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
    }
}
