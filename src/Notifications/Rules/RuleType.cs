using System.Collections.Immutable;

namespace Metering.Notifications.Rules;

/// <summary>What a rule waits for, in OpenMeter's words.</summary>
internal static class RuleType
{
    public const string BalanceThreshold = "entitlements.balance.threshold";
    public const string EntitlementReset = "entitlements.reset";
    public const string InvoiceCreated = "invoice.created";
    public const string InvoiceUpdated = "invoice.updated";

    public static readonly ImmutableArray<string> All = [BalanceThreshold, EntitlementReset, InvoiceCreated, InvoiceUpdated];

    public static bool IsAboutFeatures(string type) => type is BalanceThreshold or EntitlementReset;
}
