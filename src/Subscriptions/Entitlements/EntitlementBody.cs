using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Rating;
using Metering.Subscriptions.Entitlements.Grants;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>What creates an entitlement: OpenMeter's three shapes in one; which fields there may be depends on the type.</summary>
/// <param name="Type"><c>boolean</c>, <c>static</c> or <c>metered</c>.</param>
/// <param name="FeatureKey">Or <paramref name="FeatureId"/>.</param>
/// <param name="MeasureUsageFrom"><c>CURRENT_PERIOD_START</c>, <c>NOW</c> or a time; now when absent.</param>
/// <param name="Issue">What the entitlement holds after each reset; <paramref name="IssueAfterReset"/> is its older form.</param>
/// <param name="IsUnlimited">Of version 1; accepted when false.</param>
/// <param name="RateLimits">Additive, boolean and metered: how fast requests to the feature may come.</param>
/// <param name="RequestLimits">Additive, boolean and metered: how large a request may be, and how many may be in flight.</param>
internal sealed record EntitlementBody(
    string Type,
    string? FeatureKey = null,
    string? FeatureId = null,
    ImmutableSortedDictionary<string, string>? Metadata = null,
    RecurringPeriodBody? UsagePeriod = null,
    string? Config = null,
    bool? IsSoftLimit = null,
    bool? IsUnlimited = null,
    string? MeasureUsageFrom = null,
    bool? PreserveOverageAtReset = null,
    decimal? IssueAfterReset = null,
    int? IssueAfterResetPriority = null,
    IssueBody? Issue = null,
    ImmutableArray<GrantBody>? Grants = null,
    ImmutableArray<RateLimitBody>? RateLimits = null,
    RequestLimitsBody? RequestLimits = null)
{
    private const string CurrentPeriodStart = "CURRENT_PERIOD_START";
    private const string Now = "NOW";
    private const int MaxGrants = 100;

    // A balance is computed from its beginning once; more periods than this would be a mistake.
    private const int MaxPeriodsBefore = 10_000;

    [JsonIgnore]
    public decimal Allowance => Issue?.Amount ?? IssueAfterReset ?? 0m;

    [JsonIgnore]
    public int IssuePriority => Issue?.Priority ?? IssueAfterResetPriority ?? 1;

    private bool IsMetered => Type == "metered";

    public FieldErrors Check(FeatureRow? feature, DateTimeZone zone, Instant now)
    {
        var errors = new FieldErrors();
        if (Type is not ("boolean" or "static" or "metered"))
        {
            errors.Add("/type", "unknown_entitlement_type", "An entitlement is boolean, static or metered.");
            return errors;
        }

        CheckFeature(feature, errors);
        CheckAllowedFields(errors);
        Wire.Metadata.Check(Metadata, "/metadata", errors);
        UsagePeriod?.Check("/usagePeriod", errors);
        errors.AddIf(IsMetered && UsagePeriod is null, "/usagePeriod", "required", "A metered entitlement has a usage period.");
        errors.AddIf(
            Type == "static" && !EntitlementChecks.IsConfig(Config), "/config", "invalid_json",
            $"The configuration is JSON written as text, of at most {EntitlementChecks.MaxConfigLength} characters.");
        errors.AddIf(IsUnlimited == true, "/isUnlimited", "not_supported", "An entitlement without a limit is a boolean one, or a soft one.");
        errors.AddIf(
            Issue is not null && (IssueAfterReset ?? IssueAfterResetPriority) is not null, "/issue", "not_allowed",
            "What is issued is said by issue or by issueAfterReset, not both.");
        GrantBody.CheckAmount(Issue?.Amount, "/issue/amount", errors);
        GrantBody.CheckPriority(Issue?.Priority, "/issue/priority", errors);
        GrantBody.CheckAmount(IssueAfterReset, "/issueAfterReset", errors);
        GrantBody.CheckPriority(IssueAfterResetPriority, "/issueAfterResetPriority", errors);
        RateLimitBody.Check(RateLimits, "/rateLimits", errors);
        RequestLimits?.Check("/requestLimits", errors);
        if (IsMetered && !errors.Any)
        {
            CheckMeasuring(zone, now, errors);
        }

        return errors;
    }

    /// <summary>For metered entitlements whose other fields passed the checks; null when it is not a time.</summary>
    public Instant? MeasuredFrom(DateTimeZone zone, Instant now) => MeasureUsageFrom switch
    {
        null or Now => now,
        CurrentPeriodStart => CalendarOf(zone, now).PeriodContaining(now).Start,
        _ => InstantConverter.TryParse(MeasureUsageFrom, out var instant) ? instant : null,
    };

    public BillingCalendar CalendarOf(DateTimeZone zone, Instant now) => new(UsagePeriod!.Cadence, UsagePeriod.Anchor ?? now, zone);

    private void CheckFeature(FeatureRow? feature, FieldErrors errors)
    {
        if (FeatureKey is null && FeatureId is null)
        {
            errors.Add("/featureKey", "required", "An entitlement names its feature by featureKey or by featureId.");
            return;
        }

        var pointer = FeatureId is null ? "/featureKey" : "/featureId";
        errors.AddIf(feature is null or { ArchivedAt: not null }, pointer, "unknown_feature", "There is no such feature, or it is archived.");
        errors.AddIf(
            feature is not null && FeatureKey is not null && feature.Key != FeatureKey, "/featureKey", "not_the_same",
            "The id and the key name different features.");
        errors.AddIf(
            IsMetered && feature is { MeterSlug: null }, pointer, "feature_without_meter", "A metered entitlement needs a feature with a meter.");
    }

    private void CheckAllowedFields(FieldErrors errors)
    {
        (string Field, bool Present, bool Allowed)[] fields =
        [
            ("config", Config is not null, Type == "static"),
            ("isSoftLimit", IsSoftLimit is not null, IsMetered),
            ("isUnlimited", IsUnlimited is not null, IsMetered),
            ("measureUsageFrom", MeasureUsageFrom is not null, IsMetered),
            ("preserveOverageAtReset", PreserveOverageAtReset is not null, IsMetered),
            ("issueAfterReset", IssueAfterReset is not null, IsMetered),
            ("issueAfterResetPriority", IssueAfterResetPriority is not null, IsMetered),
            ("issue", Issue is not null, IsMetered),
            ("grants", Grants is not null, IsMetered),
            ("rateLimits", RateLimits is not null, Type != "static"),
            ("requestLimits", RequestLimits is not null, Type != "static"),
        ];
        foreach (var (field, present, allowed) in fields)
        {
            errors.AddIf(present && !allowed, $"/{field}", "not_allowed", $"A {Type} entitlement has no {field}.");
        }
    }

    private void CheckMeasuring(DateTimeZone zone, Instant now, FieldErrors errors)
    {
        if (MeasuredFrom(zone, now) is not { } from)
        {
            errors.Add("/measureUsageFrom", "invalid_time", $"Usage is measured from {CurrentPeriodStart}, {Now} or an RFC 3339 time.");
            return;
        }

        var calendar = CalendarOf(zone, now);
        errors.AddIf(from > now, "/measureUsageFrom", "time_in_the_future", $"Usage is measured from now or earlier, and now is {now}.");
        errors.AddIf(
            calendar.PeriodsFrom(from).TakeWhile(period => period.Start < now).Skip(MaxPeriodsBefore).Any(), "/measureUsageFrom", "out_of_range",
            $"At most {MaxPeriodsBefore} usage periods lie between the measurement's beginning and now.");
        var grants = Grants is { IsDefault: false } given ? given : [];
        errors.AddIf(grants.Length > MaxGrants, "/grants", "too_many", $"At most {MaxGrants} grants are issued at once.");
        var notBefore = Instant.Max(from, calendar.PeriodContaining(now).Start);
        foreach (var (i, grant) in grants.Take(MaxGrants).Index())
        {
            if (grant is null)
            {
                errors.Add($"/grants/{i}", "required", "A grant is an object.");
                continue;
            }

            grant.Check($"/grants/{i}", Instant.Min(notBefore, now), now, errors);
        }
    }
}

internal sealed record IssueBody(decimal Amount, int? Priority = null);
