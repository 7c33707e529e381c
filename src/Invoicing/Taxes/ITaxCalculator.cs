using System.Collections.Immutable;
using Metering.Rating;

namespace Metering.Invoicing.Taxes;

/// <summary>Says what tax the lines of a document bear. A tax service outside takes the place of the built-in one.</summary>
public interface ITaxCalculator
{
    Task<TaxResult> CalculateAsync(TaxQuestion question, CancellationToken cancellationToken);
}
