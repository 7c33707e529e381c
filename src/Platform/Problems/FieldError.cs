namespace Metering.Platform.Problems;

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Pointer">JSON pointer into the body (<c>/phases/0/key</c>), or <c>?name</c> for a query parameter, or <c>header:Name</c>.</param>
/// <param name="Code">Stable, snake_case, for programs.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record FieldError(string Pointer, string Code, string Message);
