using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Rating;

namespace Metering.Invoicing.Taxes;

/// <summary>
/// Tax per tax code and behaviour on the sum of its lines, rounded once, half away from zero, and shared among the lines by largest remainder. Pure.
/// </summary>
internal static class TaxArithmetic
{
    private const decimal Whole = 100m;

    public static TaxResult Calculate(TaxQuestion question, TaxCodes codes)
    {
        var sums = ImmutableArray.CreateBuilder<TaxSum>();
        var shares = ImmutableDictionary.CreateBuilder<Guid, LineTax>();
        var untaxed = ImmutableArray.CreateBuilder<Guid>();
        var taxed = new List<(TaxableLine Line, TaxCode Code, string Behavior)>();
        foreach (var line in question.Lines)
        {
            if (line.Config?.Reference is { } reference && codes.Find(reference) is { } code)
            {
                taxed.Add((line, code, line.Config.Behavior ?? TaxConfig.Exclusive));
            }
            else
            {
                untaxed.Add(line.Id);
            }
        }

        foreach (var group in taxed.GroupBy(one => (one.Code, one.Behavior)).OrderBy(group => group.Key.Code.Key, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Behavior, StringComparer.Ordinal))
        {
            var (code, behavior) = group.Key;
            ImmutableArray<TaxableLine> lines = [.. group.Select(one => one.Line)];
            var (tax, parts) = Share(lines, behavior == TaxConfig.Inclusive, code.Percent, question.Currency);
            var percent = code.Percent / 1.0000000000m;
            sums.Add(new TaxSum(
                PublicId.Format(code.Id), code.Key, code.Name, percent, behavior, lines.Sum(line => line.Amount.Amount), tax.Amount));
            foreach (var (line, part) in lines.Zip(parts))
            {
                shares.Add(line.Id, new LineTax(PublicId.Format(code.Id), code.Key, percent, behavior, part.Amount));
            }
        }

        return new TaxResult(
            sums.ToImmutable(), shares.ToImmutable(), untaxed.ToImmutable(), Total(sums, true, question.Currency),
            Total(sums, false, question.Currency));
    }

    /// <summary>Of a price that holds its tax, the part p / (100 + p) is tax.</summary>
    private static (Money Tax, ImmutableArray<Money> Parts) Share(
        ImmutableArray<TaxableLine> lines, bool inclusive, decimal percent, Currency currency)
    {
        var divisor = inclusive ? Whole + percent : Whole;
        var exact = lines.Select(line => line.Amount.Amount * percent / divisor).ToArray();
        var tax = new ExactAmount(lines.Sum(line => line.Amount.Amount) * percent / divisor, currency).Round(Rounding.HalfAwayFromZero);

        // Credits among the lines are negative, so each is first rounded down and what is then missing to the sum goes, one minor unit each,
        // to those that lost most.
        var parts = exact.Select(amount => new ExactAmount(amount, currency).Round(Rounding.Floor)).ToArray();
        var missing = (int)((tax.Amount - parts.Sum(part => part.Amount)) / currency.MinorUnit);
        var one = new Money(currency.MinorUnit, currency);
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => exact[i] - parts[i].Amount).Take(missing))
        {
            parts[i] += one;
        }

        return (tax, [.. parts]);
    }

    private static Money Total(IEnumerable<TaxSum> sums, bool inclusive, Currency currency) =>
        new(sums.Where(sum => sum.IsInclusive == inclusive).Sum(sum => sum.Tax), currency);
}
