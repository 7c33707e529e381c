using Metering.Contracts.Messages;
using Metering.Notifications.Channels;
using Metering.Notifications.Delivering;
using Metering.Notifications.Events;
using Metering.Notifications.Rules;
using Metering.Notifications.Secrets;
using Metering.Notifications.Watching;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Messaging;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Notifications;

/// <summary>Tells other systems what happened: channels, rules, events and their delivery.</summary>
public static class NotificationsModule
{
    internal const string Tag = "Notifications";

    public static MigrationSet Migrations { get; } = MigrationSet.Of("notifications", typeof(NotificationsModule).Assembly);

    public static void AddNotifications(this IServiceCollection services)
    {
        services.AddSingleton(Migrations);
        services.AddSingleton<SecretBox>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<EventRetention>();
        services.AddMessageHandler<UsageRecorded, ThresholdWatch>();
        services.AddMessageHandler<EntitlementReset, ResetWatch>();
        services.AddMessageHandler<InvoiceChanged, InvoiceWatch>();
        services.AddSingleton<DeliveryWork>();

        // What makes events before what delivers them, so that one step of the test clock does both.
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<ThresholdWatch>());
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<ResetWatch>());
        services.AddSingleton<IDueWork>(provider => provider.GetRequiredService<DeliveryWork>());
        services.AddHostedService<DueNotificationsLoop>();
    }

    public static void MapNotifications(this IEndpointRouteBuilder routes)
    {
        SaveChannel.Map(routes);
        GetChannels.Map(routes);
        DeleteChannel.Map(routes);
        SaveRule.Map(routes);
        GetRules.Map(routes);
        DeleteRule.Map(routes);
        TestRule.Map(routes);
        GetEvents.Map(routes);
        ResendEvent.Map(routes);
    }
}
