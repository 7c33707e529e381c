using Metering.Contracts.Messages;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Documents;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Ledger;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Lines;
using Metering.Invoicing.Lookups;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Customers.Tree;
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
        services.AddSingleton<ITaxCalculator, TaxCodeCalculator>();
        services.AddSingleton<SubscriptionTrueUp>();
        services.AddSingleton<InvoiceEngine>();
        services.AddSingleton<GatheringInvoices>();
        services.AddSingleton<PeriodDrafting>();
        services.AddSingleton<EarlyDrafting>();
        services.AddSingleton<InvoiceDesk>();
        services.AddSingleton<CurrentInvoice>();

        // The regular bills first, so that what waits and is due at the same instant goes along on them.
        services.AddSingleton<BillingRun>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<BillingRun>());
        services.AddSingleton<InvoiceAdvancing>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<InvoiceAdvancing>());
        services.AddSingleton<LedgerCatchUp>();
        services.AddSingleton<RevenueRecognition>();
        services.AddSingleton<LedgerSealer>();
        services.AddSingleton<LedgerUpkeep>();
        services.AddSingleton<CostCentreReader>();
        services.AddSingleton<Journal>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<LedgerUpkeep>());
        services.AddSingleton<CreditAgeing>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<CreditAgeing>());
        services.AddSingleton<CreditDesk>();
        services.AddSingleton<GrantCredit>();
        services.AddSingleton<GetCreditBalance>();
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
        SaveProfile.Map(routes);
        GetProfiles.Map(routes);
        CustomerOverrides.Map(routes);
        ListOverrides.Map(routes);
        TaxCodeEndpoints.Map(routes);
        CreatePendingLines.Map(routes);
        SimulateInvoice.Map(routes);
        InvoiceNow.Map(routes);
        UpdateInvoice.Map(routes);
        InvoiceActions.Map(routes);
        VoidInvoice.Map(routes);
        PaymentEndpoints.Map(routes);
        CheckInvariants.Map(routes);
        ListAccounts.Map(routes);
        ListTransactions.Map(routes);
        ExportJournal.Map(routes);
        ClosePeriod.Map(routes);
        ListAgeing.Map(routes);
        GetChain.Map(routes);
        routes.MapListCurrencies();
        GrantCredit.Map(routes);
        VoidCreditGrant.Map(routes);
        ReadCreditGrants.Map(routes);
        GetCreditBalance.Map(routes);
        ListCreditTransactions.Map(routes);
    }
}
