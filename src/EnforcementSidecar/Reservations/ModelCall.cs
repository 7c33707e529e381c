namespace Metering.EnforcementSidecar.Reservations;

/// <summary>What a gateway knows of a call of a model before it is forwarded.</summary>
/// <param name="InputBytes">Of the body as the client sent it; null when it is sent in chunks of unknown length.</param>
/// <param name="PromptTokens">Where the gateway counted them itself.</param>
/// <param name="MaxOutputTokens">As the client asked for it.</param>
/// <param name="Choices">How many answers.</param>
/// <param name="InputIsEncoded">Compressed: its bytes say nothing about its tokens.</param>
/// <param name="HasServerContext">The provider adds to the input what is not in the body, such as an earlier conversation.</param>
internal readonly record struct ModelCall(
    string? Model, long? InputBytes, long? PromptTokens, long? MaxOutputTokens, int Choices, bool InputIsEncoded, bool HasServerContext);
