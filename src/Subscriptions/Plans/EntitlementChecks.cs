using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Metering.Rating;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Entitlements.Grants;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>What can be wrong with an entitlement template.</summary>
internal static class EntitlementChecks
{
    /// <summary>Units are counted in 64 bits; this leaves room for sums over many leases.</summary>
    public const decimal MaxAllowance = 1_000_000_000_000_000m;

    public const int MaxConfigLength = 16_384;

    public static void Check(EntitlementTemplateBody template, FeatureRow? feature, string at, FieldErrors errors)
    {
        Metadata.Check(template.Metadata, $"{at}/metadata", errors);
        if (template.Type is not ("boolean" or "static" or "metered"))
        {
            errors.Add($"{at}/type", "unknown_entitlement_type", "An entitlement is boolean, static or metered.");
            return;
        }

        CheckAllowedFields(template, at, errors);
        RateLimitBody.Check(template.RateLimits, $"{at}/rateLimits", errors);
        template.RequestLimits?.Check($"{at}/requestLimits", errors);
        if (template.Type == "static")
        {
            errors.AddIf(
                !IsConfig(template.Config), $"{at}/config", "invalid_json",
                $"The configuration is JSON written as text, of at most {MaxConfigLength} characters.");
        }
        else if (template.Type == "metered")
        {
            errors.AddIf(
                feature is { MeterSlug: null }, $"{at}/type", "feature_without_meter", "A metered entitlement needs a feature with a meter.");
            CheckMetered(template, at, errors);
        }
    }

    private static void CheckAllowedFields(EntitlementTemplateBody template, string at, FieldErrors errors)
    {
        (string Field, bool Present, bool Allowed)[] fields =
        [
            ("config", template.Config is not null, template.Type == "static"),
            ("isSoftLimit", template.IsSoftLimit is not null, template.Type == "metered"),
            ("issueAfterReset", template.IssueAfterReset is not null, template.Type == "metered"),
            ("issueAfterResetPriority", template.IssueAfterResetPriority is not null, template.Type == "metered"),
            ("preserveOverageAtReset", template.PreserveOverageAtReset is not null, template.Type == "metered"),
            ("usagePeriod", template.UsagePeriod is not null, template.Type == "metered"),
            ("rateLimits", template.RateLimits is not null, template.Type != "static"),
            ("requestLimits", template.RequestLimits is not null, template.Type != "static"),
        ];
        foreach (var (field, present, allowed) in fields)
        {
            errors.AddIf(present && !allowed, $"{at}/{field}", "not_allowed", $"A {template.Type} entitlement has no {field}.");
        }
    }

    private static void CheckMetered(EntitlementTemplateBody template, string at, FieldErrors errors)
    {
        GrantBody.CheckAmount(template.IssueAfterReset, $"{at}/issueAfterReset", errors);
        GrantBody.CheckPriority(template.IssueAfterResetPriority, $"{at}/issueAfterResetPriority", errors);
        errors.AddIf(
            template.UsagePeriod is not null
                && (!Cadence.TryParse(template.UsagePeriod, out var period) || RecurringPeriodBody.IsTooLong(period)),
            $"{at}/usagePeriod", "invalid_duration",
            "A usage period is an ISO 8601 duration of one unit, such as P1D or P1M.");
    }

    public static bool IsConfig([NotNullWhen(true)] string? text)
    {
        if (text is null || text.Length > MaxConfigLength)
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
