using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Invoicing.Taxes;

/// <summary>The tax of a document: one sum per tax and behaviour, and each line's share of it.</summary>
/// <param name="Lines">By line; lines that bear no tax are not there.</param>
/// <param name="Untaxed">Lines about which nobody said which tax they bear, and lines whose tax code is not in force.</param>
public sealed record TaxResult(
    ImmutableArray<TaxSum> Sums, ImmutableDictionary<Guid, LineTax> Lines, ImmutableArray<Guid> Untaxed, Money Inclusive, Money Exclusive)
{
    public static TaxResult None(Currency currency) =>
        new([], ImmutableDictionary<Guid, LineTax>.Empty, [], Money.Zero(currency), Money.Zero(currency));
}
