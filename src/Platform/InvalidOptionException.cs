namespace Metering.Platform;

/// <summary>The operator has to change an option before the process can start. The message is a sentence for them.</summary>
public sealed class InvalidOptionException(string option, string problem) : Exception($"{option} {problem}.");
