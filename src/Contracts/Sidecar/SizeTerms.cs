namespace Metering.Contracts.Sidecar;

/// <summary>How large one request may be.</summary>
/// <param name="Max">Inclusive; bytes of the body or tokens of the prompt.</param>
/// <param name="PassWhenUnknown">Whether a request of which the gateway does not tell the size is admitted or refused.</param>
public sealed record SizeTerms(long Max, bool PassWhenUnknown);
