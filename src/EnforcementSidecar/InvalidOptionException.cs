namespace Metering.EnforcementSidecar;

/// <summary>The operator has to change an option before the process can start. The message is a sentence for them.</summary>
internal sealed class InvalidOptionException(string option, string problem) : Exception($"{option} {problem}.");
