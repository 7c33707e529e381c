using Metering.Platform.Database;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Invoicing;

/// <summary>BILLING: billing runs, invoices, documents.</summary>
public static class InvoicingModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("invoicing", typeof(InvoicingModule).Assembly);

    public static void AddInvoicing(this IServiceCollection services)
    {
        services.AddSingleton(Migrations);
    }

    public static void MapInvoicing(this IEndpointRouteBuilder routes)
    {
    }
}
