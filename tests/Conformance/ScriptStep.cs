namespace Metering.Conformance;

/// <summary>What became of one use of an operation.</summary>
/// <param name="Violation">Null when all is as it should be.</param>
/// <param name="Reached">Whether a call was made at all.</param>
public sealed record ScriptStep(string OperationId, string Name, string? Violation, bool Reached);
