using Metering.Platform.Database;

namespace Metering.Invoicing.Taxes;

/// <summary>The built-in calculator: the rates of the tax codes as they are now.</summary>
internal sealed class TaxCodeCalculator(MeteringDatabase database) : ITaxCalculator
{
    public async Task<TaxResult> CalculateAsync(TaxQuestion question, CancellationToken cancellationToken)
    {
        if (question.Lines.All(line => line.Config?.Reference is null))
        {
            return TaxArithmetic.Calculate(question, new TaxCodes([]));
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return TaxArithmetic.Calculate(question, await TaxCodes.LoadAsync(session, cancellationToken));
    }
}
