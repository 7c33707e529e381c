using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Ingest.Meters;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary>A version of a plan as the API shows it.</summary>
/// <param name="ValidationErrors">OpenMeter's: what stops the publication of a draft; null when nothing does.</param>
/// <param name="Warnings">Ours: what its author should know and may want; absent when there is nothing.</param>
internal sealed record PlanView(
    string Id,
    string Key,
    int Version,
    string Status,
    string Name,
    string? Description,
    string Currency,
    string BillingCadence,
    ProRatingBody ProRatingConfig,
    string SettlementMode,
    ImmutableArray<PhaseBody> Phases,
    CommitmentBody? Commitment,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant? EffectiveFrom,
    Instant? EffectiveTo,
    Instant CreatedAt,
    Instant UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ImmutableArray<PlanFindingView>? ValidationErrors,
    ImmutableArray<PlanFindingView>? Warnings)
{
    public static async Task<PlanView> OfAsync(
        PlanRow row, DbSession session, MeterCatalog meters, Instant now, CancellationToken cancellationToken) =>
        (await OfAsync([row], session, meters, now, cancellationToken)).Single();

    /// <summary>Findings are looked for when a plan is shown, because a feature may have been archived since it was written.</summary>
    public static async Task<ImmutableArray<PlanView>> OfAsync(
        IReadOnlyCollection<PlanRow> rows, DbSession session, MeterCatalog meters, Instant now, CancellationToken cancellationToken)
    {
        var bodies = rows.Select(row => row.ToBody()).ToImmutableArray();
        var features = await MeteredFeature.OfAsync(bodies, session, meters, cancellationToken);
        return [.. rows.Zip(bodies, (row, body) => With(row, PlanChecks.Check(body, features), now))];
    }

    private static PlanView With(PlanRow row, PlanFindings findings, Instant now) => row.ToView(now) with
    {
        ValidationErrors = row.IsDraft ? ListOf(findings.AgainstPublishing) : null,
        Warnings = ListOf(findings.Warnings.All),
    };

    private static ImmutableArray<PlanFindingView>? ListOf(ImmutableArray<FieldError> errors) => errors.IsEmpty
        ? null
        : [.. errors.Take(Problem.MaxFieldErrors).Select(error => new PlanFindingView(error.Pointer, error.Code, error.Message))];
}

/// <param name="Field">JSON pointer into the plan.</param>
internal sealed record PlanFindingView(string Field, string Code, string Message);
