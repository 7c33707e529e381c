namespace Metering.Rating;

/// <summary>One thing wrong with a price or its terms.</summary>
/// <param name="Code">What kind of fault.</param>
/// <param name="Pointer">JSON pointer to the field, relative to the price or terms object: <c>/tiers/1/upTo</c>.</param>
/// <param name="Message">A sentence for the person who wrote the plan.</param>
public sealed record PriceError(PriceErrorCode Code, string Pointer, string Message);
