namespace Metering.Rating;

/// <summary>
/// Usage of a dimensional price for which no cell and no default exists. It is not free: the period cannot be closed before it has a price.
/// </summary>
/// <param name="Reference">Which values: <c>model=gpt-9,token_type=input</c>.</param>
/// <param name="Group">The same for people: <c>model gpt-9, token_type input</c>.</param>
/// <param name="Usage">How much was metered of it.</param>
public sealed record UnpricedUsage(string Reference, string Group, Usage Usage);
