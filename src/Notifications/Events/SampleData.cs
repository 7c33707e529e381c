using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Notifications.Rules;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Notifications.Events;

/// <summary>Made-up data of the right shape, for trying a rule out. The files beside this one hold it.</summary>
internal static class SampleData
{
    private static readonly JsonObject Entitlement = Read("sample-entitlement.json");
    private static readonly JsonObject Invoice = Read("sample-invoice.json");

    /// <summary>With the rule's first threshold and first feature, where it has them.</summary>
    public static EventContent Of(RuleRow rule, Instant now)
    {
        if (!RuleType.IsAboutFeatures(rule.Type))
        {
            return new EventContent(null, null, null, null, Invoice.ToJsonString());
        }

        var data = Entitlement.DeepClone().AsObject();
        if (rule.Type == RuleType.BalanceThreshold)
        {
            data["threshold"] = JsonSerializer.SerializeToNode(rule.ThresholdList[0], MeteringJson.Options);
        }

        var feature = rule.FeatureList.FirstOrDefault();
        if (rule.ToView().Features is { IsEmpty: false } shown)
        {
            data["feature"]!["id"] = data["entitlement"]!["featureId"] = shown[0].Id;
            data["feature"]!["key"] = data["entitlement"]!["featureKey"] = shown[0].Key;
        }

        data["entitlement"]!["lastReset"] = InstantConverter.Format(now);
        return new EventContent(null, feature?.Id, feature?.Key, (string?)data["subject"]!["key"], data.ToJsonString());
    }

    private static JsonObject Read(string name)
    {
        var assembly = typeof(SampleData).Assembly;
        var resource = assembly.GetManifestResourceNames().Single(found => found.EndsWith(name, StringComparison.Ordinal));
        using var stream = assembly.GetManifestResourceStream(resource)!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
