using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Invoicing.Taxes;

/// <summary>What is to be taxed.</summary>
/// <param name="Lines">In the order of the document.</param>
public sealed record TaxQuestion(Currency Currency, ImmutableArray<TaxableLine> Lines);
