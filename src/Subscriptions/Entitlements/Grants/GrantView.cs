using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>A grant as the API shows it.</summary>
/// <param name="Origin">Additive: <c>subscription</c> when a plan granted it, else <c>customer</c>.</param>
internal sealed record GrantView(
    string Id,
    string EntitlementId,
    decimal Amount,
    int Priority,
    Instant EffectiveAt,
    ExpirationBody? Expiration,
    Instant? ExpiresAt,
    decimal MinRolloverAmount,
    decimal MaxRolloverAmount,
    RecurringPeriodView? Recurrence,
    Instant? NextRecurrence,
    Instant? VoidedAt,
    ImmutableSortedDictionary<string, string>? Metadata,
    JsonElement? Annotations,
    string Origin,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt)
{
    public static GrantView Of(GrantRow row, Instant now) => new(
        PublicId.Format(row.Id), PublicId.Format(row.EntitlementId), row.Amount, row.Priority, row.EffectiveAt,
        row.ExpirationDuration is null ? null : new ExpirationBody(row.ExpirationDuration, row.ExpirationCount!.Value), row.ExpiresAt,
        row.MinRollover, row.MaxRollover,
        row.Recurrence is null ? null : RecurringPeriodView.Of(row.Recurrence, row.RecurrenceAnchor!.Value),
        row.NextRecurrenceAfter(now), row.VoidedAt, Wire.Metadata.ParseOrNull(row.Metadata),
        row.Annotations is null ? null : JsonElement.Parse(row.Annotations), row.Origin, row.CreatedAt, row.UpdatedAt,
        row.VoidedAt <= now ? row.VoidedAt : null);
}
