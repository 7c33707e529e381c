using System.Text.Json;
using NodaTime;

namespace Metering.Ingest.Subjects;

/// <summary>A subject as OpenMeter shapes it.</summary>
internal sealed record SubjectView(
    string Id,
    string Key,
    string? DisplayName,
    JsonElement? Metadata,
    Instant? CurrentPeriodStart,
    Instant? CurrentPeriodEnd,
    string? StripeCustomerId,
    Instant CreatedAt,
    Instant UpdatedAt);
