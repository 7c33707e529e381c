using Metering.Rating;

namespace Metering.Invoicing.Taxes;

/// <summary>A line before its tax.</summary>
/// <param name="Config">The line's own words on tax, completed by the profile's; null when nobody said anything.</param>
public sealed record TaxableLine(Guid Id, Money Amount, TaxConfig? Config);
