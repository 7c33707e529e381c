using System.Text.Json.Serialization;
using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>What a reservation turned out to use of one pool.</summary>
/// <param name="ReservationId">26-character id; a pool is settled once for it, whoever says so and how often.</param>
/// <param name="EntitlementId">26-character id.</param>
/// <param name="PeriodStart">
/// Of the period whose units were taken, as a lease answer stated it; never the period of the settlement. Null when the limit is soft and no
/// lease had been answered: then it is the period of the check.
/// </param>
/// <param name="ReservedAt">When the check was.</param>
/// <param name="Reserved">Units that a lease has reported, or will report, as spent.</param>
/// <param name="Used">Below that the rest comes back, above it more is taken as far as the limit has room.</param>
public sealed record ReservationSettlement(
    string ReservationId,
    string EntitlementId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Instant? PeriodStart,
    Instant ReservedAt,
    long Reserved,
    long Used);
