using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Subscriptions.Plans.Prices;

/// <summary>What the documents of tiers of units and of tiers of an amount have in common.</summary>
internal static class TierWords
{
    public static readonly ImmutableArray<string> FirstTiers = [WhenPeriodOpens, OnFirstUse];

    private const string WhenPeriodOpens = "when_period_opens";
    private const string OnFirstUse = "on_first_use";

    public static TierEntry EntryOf(PriceBody body) => body.FirstTier == OnFirstUse ? TierEntry.OnFirstUse : TierEntry.WhenPeriodOpens;

    /// <summary>Null for what is meant when nothing is said.</summary>
    public static string? WordOf(TierEntry entry) => entry switch { TierEntry.WhenPeriodOpens => null, TierEntry.OnFirstUse => OnFirstUse };

    public static TierPriceBody? FlatPriceOf(decimal amount) => amount == 0m ? null : new TierPriceBody("flat", amount);

    public static bool CheckFlatPrice(TierPriceBody? price, string at, PlanFindings findings)
    {
        var isFlat = price is null or { Type: "flat" };
        findings.Errors.AddIf(!isFlat, $"{at}/flatPrice/type", "unknown_price_type", "The type of a flat price is flat.");
        return isFlat;
    }

    public static string FieldOf(string pointer) => pointer
        .Replace("/upTo", "/upToAmount", StringComparison.Ordinal)
        .Replace("/flatAmount", "/flatPrice/amount", StringComparison.Ordinal)
        .Replace("/unitAmount", "/unitPrice/amount", StringComparison.Ordinal);
}
