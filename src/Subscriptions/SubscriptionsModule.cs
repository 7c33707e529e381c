using Metering.Contracts.Messages;
using Metering.Ingest.Subjects;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Addons;
using Metering.Subscriptions.Credits;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Customers.Credentials;
using Metering.Subscriptions.Customers.Tree;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Balances;
using Metering.Subscriptions.Entitlements.Gateways;
using Metering.Subscriptions.Entitlements.Grants;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Reservations;
using Metering.Subscriptions.Shares;
using Metering.Subscriptions.Snapshots;
using Metering.Subscriptions.Subscribing;
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
        services.AddSingleton<CustomerReader>();
        services.AddSingleton<ISubjectOwners, SubjectOwners>();
        services.AddSingleton<CustomerSearch>();
        services.AddSingleton<FeatureReader>();
        services.AddSingleton<SubscriptionReader>();
        services.AddSingleton<PriceListReader>();
        services.AddSingleton<AccessBoundaries>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<AccessBoundaries>());
        services.AddSingleton<PhaseUsage>();
        services.AddSingleton<BalanceSnapshots>();
        services.AddSingleton<BalanceReader>();
        services.AddSingleton<WindowedBalances>();
        services.AddSingleton<EntitlementValues>();
        services.AddSingleton<EntitlementSync>();
        services.AddSingleton<CreateEntitlement>();
        services.AddSingleton<GetEntitlement>();
        services.AddSingleton<ListEntitlements>();
        services.AddSingleton<DeleteEntitlement>();
        services.AddSingleton<OverrideEntitlement>();
        services.AddSingleton<GetEntitlementValue>();
        services.AddSingleton<GetEntitlementHistory>();
        services.AddSingleton<ResetEntitlement>();
        services.AddSingleton<IssueGrant>();
        services.AddSingleton<ListGrants>();
        services.AddSingleton<VoidGrant>();
        services.AddSingleton<FeatureAnswers>();
        services.AddSingleton<QueryAccess>();
        services.AddSingleton<ListAccess>();
        services.AddSingleton<AccessReader>();
        services.AddSingleton<FeatureLookup>();
        services.AddSingleton(provider => new MeteredEntitlementReader(
            provider.GetRequiredService<MeteringDatabase>(), provider.GetRequiredService<EntitlementValues>()));
        services.AddSingleton<CreditPools>();
        services.AddSingleton<PoolOpening>();
        services.AddSingleton<PoolAllowances>();
        services.AddSingleton<PoolEpochs>();
        services.AddMessageHandler<UsageRecorded, PoolMeasuring>();
        services.AddSingleton<LeaseRecalls>();
        services.AddSingleton<LeaseDesk>();
        services.AddSingleton<ShareRecalls>();
        services.AddSingleton<ShareDesk>();
        services.AddSingleton<SettlementDesk>();
        services.AddSingleton<PoolSegments>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<PoolSegments>());
        services.AddSingleton<PoolClosing>();
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<PoolClosing>());
        services.AddSingleton<SidecarStreams>();
        services.AddSingleton<IClockFollower>(provider => provider.GetRequiredService<SidecarStreams>());
        services.AddSingleton<IDrain>(provider => provider.GetRequiredService<SidecarStreams>());
        services.AddSingleton<StreamSnapshot>();
        services.AddHostedService<SnapshotFeed>();
        services.AddHostedService<DueWorkLoop>();
    }

    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        CreateCustomer.Map(routes);
        GetCustomers.Map(routes);
        ReplaceCustomer.Map(routes);
        DeleteCustomer.Map(routes);
        SuspendCustomer.Map(routes);
        GetCustomerApps.Map(routes);
        PlaceCustomer.Map(routes);
        GetTree.Map(routes);
        CreateCredential.Map(routes);
        ListCredentials.Map(routes);
        RevokeCredential.Map(routes);
        RotateCredential.Map(routes);
        CreateFeature.Map(routes);
        GetFeatures.Map(routes);
        ArchiveFeature.Map(routes);
        CreatePlan.Map(routes);
        GetPlans.Map(routes);
        ReplacePlan.Map(routes);
        NextPlan.Map(routes);
        PublishPlan.Map(routes);
        ArchivePlan.Map(routes);
        Subscribe.Map(routes);
        GetSubscriptions.Map(routes);
        EditSubscription.Map(routes);
        CancelSubscription.Map(routes);
        RestoreSubscription.Map(routes);
        ChangeSubscription.Map(routes);
        SubscriptionAddons.Map(routes);
        WriteAddon.Map(routes);
        GetAddons.Map(routes);
        PublishAddon.Map(routes);
        PlanAddons.Map(routes);
        GetAccess.Map(routes);
        MapEntitlements(routes);
        ExchangeLeases.Map(routes);
        SettleReservations.Map(routes);
        ListPools.Map(routes);
        ExchangeShares.Map(routes);
        ListShares.Map(routes);
        StreamSnapshot.Map(routes);
        AcknowledgeHeartbeat.Map(routes);
    }

    private static void MapEntitlements(IEndpointRouteBuilder routes)
    {
        CreateEntitlement.Map(routes);
        GetEntitlement.Map(routes);
        ListEntitlements.Map(routes);
        DeleteEntitlement.Map(routes);
        OverrideEntitlement.Map(routes);
        GetEntitlementValue.Map(routes);
        GetEntitlementHistory.Map(routes);
        ResetEntitlement.Map(routes);
        IssueGrant.Map(routes);
        ListGrants.Map(routes);
        VoidGrant.Map(routes);
        QueryAccess.Map(routes);
        ListAccess.Map(routes);
    }
}
