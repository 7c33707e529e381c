namespace Metering.EnforcementSidecar.Reservations;

/// <summary>How much is reserved for a call of a model.</summary>
/// <param name="Units">At least 1.</param>
/// <param name="PromptTokens">What the input is likely to be: what is charged for it when nobody settles.</param>
/// <param name="MaxOutputTokens">Of one answer: the gateway has to see to it that the provider does not write more.</param>
internal readonly record struct ReservedCall(long Units, long PromptTokens, long MaxOutputTokens);
