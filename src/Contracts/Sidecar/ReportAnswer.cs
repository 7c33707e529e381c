namespace Metering.Contracts.Sidecar;

/// <summary>What became of one report.</summary>
public sealed record ReportAnswer(string LeaseId, ReportOutcome Outcome);
