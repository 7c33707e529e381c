using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Customers;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Gateways;

/// <summary>What customers may do, in the shape in which a gateway's plugin reads it.</summary>
internal sealed record AccessAnswer(ImmutableArray<CustomerAnswer> Data, ImmutableArray<AccessError> Errors, AccessMeta Meta);

/// <param name="Matched">Everything asked for that means this customer.</param>
internal sealed record CustomerAnswer(
    ImmutableArray<string> Matched,
    GatewayCustomer Customer,
    ImmutableSortedDictionary<string, FeatureAnswer> Features,
    [property: JsonPropertyName("updated_at")] Instant UpdatedAt);

internal sealed record FeatureAnswer([property: JsonPropertyName("has_access")] bool HasAccess, DenialReason? Reason = null)
{
    public static readonly FeatureAnswer Allowed = new(true);

    public static readonly FeatureAnswer NotFound = new(false, new DenialReason("feature_not_found", "There is no such feature."));

    public static readonly FeatureAnswer Suspended =
        new(false, new DenialReason("feature_unavailable", "The customer is suspended."));

    public static readonly FeatureAnswer NotEntitled =
        new(false, new DenialReason("feature_unavailable", "The customer is not entitled to the feature."));
}

/// <param name="Code"><c>feature_not_found</c>, <c>feature_unavailable</c>, <c>usage_limit_reached</c> or <c>no_credit_available</c>.</param>
internal sealed record DenialReason(string Code, string Message, ImmutableSortedDictionary<string, decimal>? Attributes = null);

internal sealed record AccessError(string Code, string Message, string Customer);

internal sealed record AccessMeta(AccessPage Page);

internal sealed record AccessPage(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Previous,
    int Size);

/// <param name="Key">Its id when it has none.</param>
internal sealed record GatewayCustomer(
    string Id,
    string Key,
    string Name,
    [property: JsonPropertyName("usage_attribution")] GatewayAttribution UsageAttribution,
    string? Currency,
    [property: JsonPropertyName("created_at")] Instant CreatedAt,
    [property: JsonPropertyName("updated_at")] Instant UpdatedAt)
{
    public static GatewayCustomer Of(CustomerRow row) => new(
        PublicId.Format(row.Id), row.Key ?? PublicId.Format(row.Id), row.Name, new GatewayAttribution(row.ToAccount().SubjectKeys), row.Currency,
        row.CreatedAt, row.UpdatedAt);
}

internal sealed record GatewayAttribution([property: JsonPropertyName("subject_keys")] ImmutableArray<string> SubjectKeys);
