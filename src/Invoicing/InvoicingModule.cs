using Metering.Contracts.Messages;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Documents;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lookups;
using Metering.Invoicing.Suppliers;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Invoicing;

/// <summary>BILLING: billing runs, invoices, documents.</summary>
public static class InvoicingModule
{
    public static MigrationSet Migrations { get; } = MigrationSet.Of("invoicing", typeof(InvoicingModule).Assembly);

    public static void AddInvoicing(this IServiceCollection services, MeteringOptions options)
    {
        services.AddSingleton(Migrations);
        services.AddMessageHandler<SubscriptionStarted, SubscriptionStartedHandler>();
        services.AddMessageHandler<SubscriptionEnded, SubscriptionEndedHandler>();
        services.AddMessageHandler<SubscriptionChanged, SubscriptionChangedHandler>();
        services.AddSingleton<LineMetering>();
        services.AddSingleton<LineRating>();
        services.AddSingleton<SupplierStore>();
        services.AddSingleton<BillingRun>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<BillingRun>());
        services.AddSingleton<InvoiceReader>();
        services.AddSingleton<UpcomingReader>();
        services.AddSingleton<InvoiceHtml>();
        services.AddSingleton<IInvoiceRenderer, WeasyPrintRenderer>();
        services.AddBillingSchedule(options);
    }

    public static void MapInvoicing(this IEndpointRouteBuilder routes)
    {
        routes.MapInvoices();
        routes.MapUpcoming();
        routes.MapBlockedPeriods();
        routes.MapSupplier();
        routes.MapListCurrencies();
    }
}
