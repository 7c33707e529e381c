using System.Collections.Immutable;

namespace Metering.Subscriptions.Customers;

/// <summary>What a customer is in the tree. From the top down: nothing stands under what comes after it here.</summary>
public static class CustomerLevel
{
    public const string Account = "account";
    public const string CostCentre = "cost_centre";
    public const string Team = "team";
    public const string Application = "application";
    public const string Agent = "agent";

    public static readonly ImmutableArray<string> All = [Account, CostCentre, Team, Application, Agent];

    /// <summary>Accounts, cost centres, teams and applications may stand under their own kind; nothing stands under an agent.</summary>
    public static bool MayStandUnder(string level, string parent) => parent != Agent && All.IndexOf(parent) <= All.IndexOf(level);
}
