using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Collects what the linter finds.</summary>
internal sealed class Findings
{
    private readonly ImmutableArray<PlanFinding>.Builder found = ImmutableArray.CreateBuilder<PlanFinding>();

    public void Error(PlanFindingCode code, string pointer, string message) =>
        found.Add(new PlanFinding(code, FindingSeverity.Error, pointer, message));

    public void Warning(PlanFindingCode code, string pointer, string message) =>
        found.Add(new PlanFinding(code, FindingSeverity.Warning, pointer, message));

    public ImmutableArray<PlanFinding> ToImmutable() => found.ToImmutable();
}
