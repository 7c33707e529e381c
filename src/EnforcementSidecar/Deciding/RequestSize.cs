namespace Metering.EnforcementSidecar.Deciding;

/// <summary>How large a request is, as far as the gateway tells.</summary>
/// <param name="BodyBytes">Null when nobody said.</param>
/// <param name="PromptTokens">Null when nobody counted.</param>
internal readonly record struct RequestSize(long? BodyBytes, long? PromptTokens);
